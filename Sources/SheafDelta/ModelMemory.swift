#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Zeroed memory of a model. Pages that are never touched are never taken.
final class ModelMemory<Element: BitwiseCopyable> {
  let pointer: UnsafeMutablePointer<Element>
  let count: Int

  /// `Element` must be a whole number, for which zeroed memory is a value.
  init(count: Int) {
    guard let memory = calloc(count, MemoryLayout<Element>.stride) else {
      preconditionFailure("no memory for a model")
    }
    pointer = memory.bindMemory(to: Element.self, capacity: count)
    self.count = count
  }

  convenience init(_ values: [Element]) {
    self.init(count: values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  deinit { free(pointer) }
}
