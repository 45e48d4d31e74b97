import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Keeps two processes from changing one library at once, and tells the second who the first is.
///
/// SQLite's own lock would do for safety; it can't say who holds it. The kernel drops
/// this one when its holder dies, however it dies.
final class ProcessLock {
  private let descriptor: Int32

  /// Takes the lock, waiting at most `patience`.
  ///
  /// - Throws: `StoreError.locked` with what the holder wrote about itself.
  init(file: String, purpose: String, patience: Duration) throws {
    let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StoreError.sqlite("can't open \(file): \(String(cString: strerror(errno)))")
    }
    let clock = ContinuousClock()
    let deadline = clock.now + patience
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if clock.now >= deadline {
        var text = [UInt8](repeating: 0, count: 200)
        let count = pread(descriptor, &text, text.count, 0)
        close(descriptor)
        let holder = String(decoding: text.prefix(max(0, count)), as: UTF8.self)
        throw StoreError.locked(holder: holder.trimmingCharacters(in: .whitespacesAndNewlines))
      }
      usleep(20_000)
    }
    let line = Array("\(purpose), process \(getpid())\n".utf8)
    _ = ftruncate(descriptor, 0)
    _ = pwrite(descriptor, line, line.count, 0)
    self.descriptor = descriptor
  }

  /// Gives the lock back; the object is of no further use.
  func release() {
    // Unlocking happens with the close; the file stays, so that nobody locks a removed one.
    close(descriptor)
  }
}
