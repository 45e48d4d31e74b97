import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("What lies in a folder")
struct FolderScanTests {
  private func problems(_ folder: TestFolder) -> [String] {
    do {
      _ = try FolderScan(folder.url)
      return []
    } catch let refusal as FolderRefusal {
      return refusal.problems.map(\.problem)
    } catch {
      return ["another error: \(error)"]
    }
  }

  @Test(
    "Plain files are found at every depth, in the order of their paths, without what systems leave behind")
  func files() throws {
    let folder = try TestFolder()
    for path in ["b.md", "a/z.md", "a/é.md", "a-b.md", ".git/config", "a/.DS_Store", "x~", "~$x", "._x"] {
      try folder.write("x", to: path)
    }
    let scan = try FolderScan(folder.url)
    #expect(scan.files.map(\.path.text) == ["a-b.md", "a/z.md", "a/é.md", "b.md"])
    #expect(scan.skipped == ["._x", ".git", "a/.DS_Store", "x~", "~$x"])
  }

  @Test("A folder that is none, or empty, is refused")
  func nothing() throws {
    let folder = try TestFolder()
    #expect(problems(folder) == ["it holds no files"])
    try FileManager.default.createDirectory(
      at: folder.appending("empty/deep"), withIntermediateDirectories: true)
    #expect(problems(folder) == ["it holds no files"])
    try folder.write("x", to: "file")
    #expect(throws: FolderRefusal.self) { try FolderScan(folder.appending("file")) }
    #expect(throws: FolderRefusal.self) { try FolderScan(folder.appending("none")) }
  }

  @Test("Links, pipes and names that are no paths are all named at once")
  func refused() throws {
    let folder = try TestFolder()
    try folder.write("x", to: "good.md")
    symlink("good.md", folder.appending("link.md").path)
    symlink("/etc", folder.appending("linked").path)
    mkfifo(folder.appending("pipe").path, 0o600)
    try folder.write("x", to: "back\\slash")
    let found = problems(folder).sorted()
    #expect(
      found == [
        "it holds a backslash", "it is a symbolic link", "it is a symbolic link", "it is not a plain file",
      ])
  }

  @Test("A name that is not UTF-8 is refused, not repaired")
  func notUTF8() throws {
    let folder = try TestFolder()
    let name = Array(folder.url.path.utf8) + [UInt8(ascii: "/"), 0x61, 0xff, 0]
    let descriptor = open(name.map { CChar(bitPattern: $0) }, O_CREAT | O_WRONLY, 0o600)
    try #require(descriptor >= 0)
    close(descriptor)
    #expect(problems(folder) == ["its name is not UTF-8"])
  }

  @Test("What lies too deep or is named too long is refused, however deep")
  func tooDeep() throws {
    for depth in [16, 17, 63, 70] {
      let folder = try TestFolder()
      try folder.write("x", to: Array(repeating: "d", count: depth).joined(separator: "/"))
      #expect(problems(folder) == (depth == 16 ? [] : ["it has more than 16 segments"]), "\(depth)")
    }
    let folder = try TestFolder()
    try folder.write(
      "x", to: Array(repeating: String(repeating: "n", count: 200), count: 3).joined(separator: "/"))
    #expect(problems(folder) == ["it is longer than 512 bytes"])
  }

  @Test("A file larger than a document may be is refused before it is read")
  func tooLarge() throws {
    let folder = try TestFolder()
    try folder.write("x", to: "large.bin")
    truncate(folder.appending("large.bin").path, off_t(Limits.asset) + 1)
    #expect(problems(folder) == ["it is larger than 16 GiB"])
  }
}
