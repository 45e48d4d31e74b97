import Foundation
import SheafSync

/// What a command takes from the process it runs in.
struct Session: Sendable {
  /// Where it speaks.
  var console: Console
  /// The environment's variables.
  var environment: [String: String]
  /// Where relative paths start.
  var currentFolder: URL

  /// This process.
  static func process() -> Session {
    let environment = ProcessInfo.processInfo.environment
    return Session(
      console: .standard(environment: environment), environment: environment,
      currentFolder: URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory))
  }

  /// The place that a person's path means.
  func url(_ path: String) -> URL { URL(filePath: path, relativeTo: currentFolder).standardizedFileURL }

  /// The address that a person's words mean.
  ///
  /// A remembered one was a folder once: when nothing is there now, a stick is not plugged in.
  func remote(_ text: String, isRemembered: Bool = false) throws -> RemoteAddress {
    try RemoteAddress(text, base: currentFolder) { path in
      var isFolder: ObjCBool = false
      let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      return isThere ? isFolder.boolValue : isRemembered ? true : nil
    }
  }

  /// The name that a new copy's changes go under when none is given.
  var userName: String {
    for key in ["LOGNAME", "USER"] {
      if let name = environment[key]?.trimmingWhiteSpace, !name.isEmpty { return name }
    }
    return "unnamed"
  }

  /// Works with a library and closes it, also after a failure.
  func using<Value>(_ library: Library, _ work: (Library) async throws -> Value) async throws -> Value {
    let result: Value
    do { result = try await work(library) } catch {
      try? await library.close()
      throw error
    }
    try await library.close()
    return result
  }

  /// Does long work under a progress line.
  func showingProgress<Value>(_ work: (@escaping ActivitySink) async throws -> Value) async throws -> Value {
    let progress = Progress(console: console)
    defer { progress.finish() }
    return try await work(progress.sink)
  }
}
