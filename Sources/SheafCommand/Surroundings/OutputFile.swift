import Foundation

/// A file that a command writes, which may be one that it has read.
enum OutputFile {
  /// Puts content in the place of a file in one step, so that whoever reads it finds the old or the new.
  ///
  /// What stands there keeps its rights; of a link it is the file that it leads to. What is no plain file, such as
  /// a terminal or a pipe, is written to as it stands.
  ///
  /// - Throws: What the system says; the file is as it was.
  static func replace(_ file: URL, with content: [UInt8]) throws {
    let target = file.resolvingSymlinksInPath()
    let attributes = try? FileManager.default.attributesOfItem(atPath: target.path)
    if let type = attributes?[.type] as? FileAttributeType, type != .typeRegular {
      try Data(content).write(to: target)
      return
    }
    let beside = target.deletingLastPathComponent()
      .appending(path: ".\(target.lastPathComponent).\(UUID().uuidString)")
    do {
      try Data(content).write(to: beside)
      if let rights = attributes?[.posixPermissions] {
        try FileManager.default.setAttributes([.posixPermissions: rights], ofItemAtPath: beside.path)
      }
      guard rename(beside.path, target.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    } catch {
      try? FileManager.default.removeItem(at: beside)
      throw error
    }
  }
}
