import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// Two processes that make a copy in one folder at once.
@Suite struct UnfinishedFolderTests {
  @Test("Whoever comes while a copy is made is turned away, and one that nobody makes any more is begun anew")
  func locked() async throws {
    try await withTemporaryFolder { folder in
      let home = folder.appending(path: "copy")
      var first: UnfinishedFolder? = try UnfinishedFolder(home)
      #expect(throws: LibraryError.folderNotEmpty(home.path)) { try UnfinishedFolder(home) }
      withExtendedLifetime(first) {}
      try Data([1]).write(to: home.appending(path: LibraryStore.fileName))
      // The process dies: its lock goes, its mark stays.
      first = nil
      let second = try UnfinishedFolder(home)
      #expect(!FileManager.default.fileExists(atPath: home.appending(path: LibraryStore.fileName).path))
      try second.finish()
      #expect(!UnfinishedFolder.isMarked(home))
    }
  }

  @Test("A copy that is finished at the instant another begins is never emptied")
  func finishedMeanwhile() async throws {
    for round in 0..<60 {
      try await withTemporaryFolder { folder in
        let home = folder.appending(path: "copy")
        let library = home.appending(path: LibraryStore.fileName)
        let first = try UnfinishedFolder(home)
        try Data("library".utf8).write(to: library)
        let other = Task.detached { () -> Bool in
          for _ in 0..<200 {
            // The check of a second clone may pass a moment before the first one finishes.
            if let second = try? UnfinishedFolder(home) {
              withExtendedLifetime(second) {}
              return true
            }
          }
          return false
        }
        if round % 2 == 0 { await Task.yield() }
        try first.finish()
        #expect(await !other.value)
        #expect(try Data(contentsOf: library) == Data("library".utf8))
        #expect(!UnfinishedFolder.isMarked(home))
        withExtendedLifetime(first) {}
      }
    }
  }
}
