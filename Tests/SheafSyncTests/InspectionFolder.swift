import Foundation
import SheafSync
import SheafTesting
import Testing

/// A copy for inspection in a folder, looked at with programs that are not Sheaf's.
struct InspectionFolder {
  let url: URL
  /// What it lies in, kept as long as it is looked at.
  private let folder: TestFolder

  /// Makes a copy of a library in a new folder.
  init(of library: Library, in folder: TestFolder) async throws {
    self.init(in: folder)
    let report = try await library.copyForInspection(to: url) { _ in }
    #expect(report.unverified.isEmpty)
  }

  private init(in folder: TestFolder) {
    self.folder = folder
    url = folder.appending("inspection-\(UUID().uuidString)")
  }

  /// What a script printed, and its exit code.
  struct Output {
    var text: String
    var code: Int32
  }

  /// Runs a shell script in the folder.
  func run(_ script: String, environment: [String: String]? = nil) throws -> Output {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = url
    process.environment = environment
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Output(text: String(decoding: output, as: UTF8.self), code: process.terminationStatus)
  }

  /// What the copy's own program says.
  func verify(_ arguments: String = "") throws -> Output {
    try run("python3 verify.py \(arguments)", environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"])
  }

  /// The same copy in another folder, after a script that must run without a fault. The script may use:
  ///
  /// - `hash REVISION`, `file REVISION`: the first that contents.tsv has of it;
  /// - `unlist REVISION`: takes its lines out of contents.tsv;
  /// - `drop REVISION`: takes them out, and the files that they name away;
  /// - `forge REVISION FILE`: puts other bytes in its place, and has contents.tsv say so.
  func damaged(_ script: String) throws -> InspectionFolder {
    let copy = InspectionFolder(in: folder)
    try FileManager.default.copyItem(at: url, to: copy.url)
    let output = try copy.run(Self.words + script)
    #expect(output.code == 0, "\(script): \(output.text)")
    return copy
  }

  private static let words = """
    set -e
    tab=$(printf '\\t')
    of() { grep "^$1$tab" contents.tsv; }
    hash() { of "$1" | head -n 1 | cut -f 2; }
    file() { of "$1" | head -n 1 | cut -f 3; }
    unlist() { grep -v "^$1$tab" contents.tsv > ../list; mv ../list contents.tsv; }
    drop() { of "$1" | cut -f 3 | while read -r file; do rm -f "$file"; done; unlist "$1"; }
    forge() {
      drop "$1"; printf 'forged\\n' > "$2"
      printf '%s\\t%s\\t%s\\n' "$1" "$(sha256sum < "$2" | cut -c 1-64)" "$2" >> contents.tsv
    }

    """
}
