import Foundation
import SheafModel
import Synchronization

/// Go's `golang.org/x/mod/sumdb`, asked about many notes and proofs at once.
///
/// `Foreign/verify.go` is built once by the Debian packages `golang-go` and
/// `golang-golang-x-mod-dev`; without them `isThere` is false and its tests are passed over.
public enum ForeignVerifier {
  /// What the foreign packages say about one case.
  public enum Answer: String, Sendable {
    case ok, no
    /// Accepted, although its base64 is not canonical, which their decoder lets pass.
    case loose
  }

  /// Something to be judged, as a line for the program.
  public struct Case: Sendable {
    fileprivate var line: String

    private init(_ fields: String...) { line = fields.joined(separator: "\t") }

    /// A signed note and the one key that must have signed it.
    public static func note(key: String, _ bytes: [UInt8]) -> Case {
      Case("note", base64(key), Base64.encode(bytes))
    }
    /// A checkpoint of a log.
    public static func checkpoint(key: String, origin: String, _ bytes: [UInt8]) -> Case {
      Case("checkpoint", base64(key), base64(origin), Base64.encode(bytes))
    }
    /// The receipt of a leaf.
    public static func receipt(key: String, origin: String, leaf: [UInt8], _ bytes: [UInt8]) -> Case {
      Case("receipt", base64(key), base64(origin), Base64.encode(leaf), Base64.encode(bytes))
    }
    /// An inclusion proof.
    public static func inclusion(
      leaf: SHA256Hash, index: UInt64, size: UInt64, proof: [SHA256Hash], root: SHA256Hash
    ) -> Case {
      Case("inclusion", "\(index)", "\(size)", leaf.base64, root.base64, list(proof))
    }
    /// A consistency proof.
    public static func consistency(
      from: UInt64, fromRoot: SHA256Hash, to: UInt64, toRoot: SHA256Hash, proof: [SHA256Hash]
    ) -> Case {
      Case("consistency", "\(from)", "\(to)", fromRoot.base64, toRoot.base64, list(proof))
    }
    /// A folder with a log's checkpoint, tiles and entries: everything is read and proved.
    public static func mirror(key: String, origin: String, folder: URL) -> Case {
      Case("mirror", base64(key), base64(origin), base64(folder.path))
    }

    private static func base64(_ text: String) -> String { Base64.encode(Array(text.utf8)) }
    private static func list(_ hashes: [SHA256Hash]) -> String {
      hashes.map(\.base64).joined(separator: ",")
    }
  }

  private static let packages = "/usr/share/gocode"
  private static let compiler = "/usr/bin/go"

  /// Whether the packages are installed.
  public static let isThere =
    FileManager.default.isExecutableFile(atPath: compiler)
    && FileManager.default.fileExists(atPath: packages + "/src/golang.org/x/mod/sumdb/note")

  private static let built = Mutex<URL?>(nil)

  /// Judges all cases in one process.
  public static func judge(_ cases: [Case]) throws -> [Answer] {
    let program = try program()
    let folder = try TestFolder()
    try folder.write(cases.map { $0.line + "\n" }.joined(), to: "cases")
    let output = try run(program.path, [folder.appending("cases").path], environment: [:])
    let answers = output.split(separator: "\n").compactMap {
      Answer(rawValue: String($0.prefix { $0 != " " }))
    }
    guard answers.count == cases.count else { throw Failure(output: output) }
    return answers
  }

  private static func program() throws -> URL {
    try built.withLock { built in
      if let built { return built }
      let folder = FileManager.default.temporaryDirectory.appending(
        path: "sheaf-foreign-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Foreign/verify.go")
      let program = folder.appending(path: "verify")
      _ = try run(
        compiler, ["build", "-o", program.path, source.path],
        environment: [
          "GO111MODULE": "off", "GOPATH": packages, "GOCACHE": folder.appending(path: "cache").path,
          "GOFLAGS": "", "HOME": folder.path, "PATH": "/usr/bin:/bin",
        ])
      try? FileManager.default.removeItem(at: folder.appending(path: "cache"))
      built = program
      return program
    }
  }

  private static func run(_ file: String, _ arguments: [String], environment: [String: String]) throws
    -> String
  {
    let process = Process()
    process.executableURL = URL(filePath: file)
    process.arguments = arguments
    process.environment = environment
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(output: output) }
    return output
  }

  /// The program did not answer.
  public struct Failure: Error {
    public let output: String
  }
}
