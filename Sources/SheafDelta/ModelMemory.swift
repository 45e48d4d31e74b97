/// Zeroed memory of a model.
final class ModelMemory<Element: BitwiseCopyable> {
  let pointer: UnsafeMutablePointer<Element>

  /// `Element` must be a whole number, for which zeroed memory is a value.
  init(count: Int) {
    let stride = MemoryLayout<Element>.stride
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: count * stride, alignment: MemoryLayout<Element>.alignment)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: count * stride)
    pointer = memory.bindMemory(to: Element.self, capacity: count)
  }

  convenience init(_ values: [Element]) {
    self.init(count: values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
