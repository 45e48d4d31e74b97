import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@Suite("One writer at a time")
struct StoreLockTests {
  @Test("Who waits too long is told who is at work, and nothing happens")
  func locked() async throws {
    let folder = try TestFolder()
    let holder = try LibraryStore.create(in: folder.url, options: .quick)
    var impatient = LibraryStore.Options.quick
    impatient.lockPatience = .milliseconds(60)
    let other = try LibraryStore.open(in: folder.url, options: impatient)
    let isHeld = DispatchSemaphore(value: 0)
    let release = DispatchSemaphore(value: 0)
    async let held: Void = holder.write(purpose: "sheaf publish") { _ in
      isHeld.signal()
      release.wait()
    }
    try await wait(for: isHeld)
    let error = await #expect(throws: StoreError.self) {
      try await other.write(purpose: "second") { try $0.storeBody([1], hash: SHA256Hash(hashing: [1])) }
    }
    if case .locked(let who) = error {
      #expect(who == "sheaf publish, process \(ProcessInfo.processInfo.processIdentifier)")
    } else {
      Issue.record("\(String(describing: error))")
    }
    // Readers never wait.
    #expect(try await other.read { try $0.bodyHashes() }.isEmpty)
    release.signal()
    try await held
    try await other.write(purpose: "second") { try $0.storeBody([1], hash: SHA256Hash(hashing: [1])) }
    try holder.close()
    try other.close()
  }

  @Test("Who waits long enough gets its turn")
  func waiting() async throws {
    let folder = try TestFolder()
    let holder = try LibraryStore.create(in: folder.url, options: .quick)
    let other = try LibraryStore.open(in: folder.url, options: .quick)
    let isHeld = DispatchSemaphore(value: 0)
    async let held: Void = holder.write(purpose: "first") { transaction in
      isHeld.signal()
      Thread.sleep(forTimeInterval: 0.15)
      try transaction.storeBody([1], hash: SHA256Hash(hashing: [1]))
    }
    try await wait(for: isHeld)
    let seen = try await other.write(purpose: "second") { try $0.holdsBody(SHA256Hash(hashing: [1])) }
    #expect(seen)
    try await held
    try holder.close()
    try other.close()
  }

  @Test("Another process is named by what it wrote, and its death frees the lock")
  func otherProcess() throws {
    let folder = try TestFolder()
    var impatient = LibraryStore.Options.quick
    impatient.lockPatience = .milliseconds(60)
    let store = try LibraryStore.create(in: folder.url, options: impatient)
    defer { try? store.close() }
    let flock = "/usr/bin/flock"
    guard FileManager.default.isExecutableFile(atPath: flock) else { return }
    let lock = folder.appending("library.lock").path
    let process = Process()
    process.executableURL = URL(filePath: flock)
    let held = folder.appending("held").path
    process.arguments = [
      "--no-fork", lock, "/bin/sh", "-c",
      "echo 'sheaf serve, process 4711' > '\(lock)'; : > '\(held)'; exec sleep 60",
    ]
    try process.run()
    let deadline = Date(timeIntervalSinceNow: 10)
    while !FileManager.default.fileExists(atPath: held), Date() < deadline { usleep(10_000) }
    #expect(throws: StoreError.locked(holder: "sheaf serve, process 4711")) {
      try store.writeBlocking(purpose: "test") { _ in }
    }
    // A child may inherit a mask that holds back gentler signals.
    kill(process.processIdentifier, SIGKILL)
    // Foundation's waitUntilExit can miss a child's end on Linux.
    while process.isRunning, Date() < deadline { usleep(10_000) }
    try store.writeBlocking(purpose: "test") { try $0.storeBody([1], hash: SHA256Hash(hashing: [1])) }
  }

  private func wait(for semaphore: DispatchSemaphore) async throws {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        semaphore.wait()
        continuation.resume()
      }
    }
  }
}
