import SheafSync
import SheafTesting
import Testing

@Suite("Wrong clocks")
struct ClockTests {
  @Test("Over a folder", arguments: WrongClocks.Sentence.allCases, WrongClocks.offsets)
  func folder(sentence: WrongClocks.Sentence, hours: Int64) async throws {
    try await WrongClocks.check(sentence, hours: hours) { publisher, folder in
      let remote = FolderRemote(folder: folder)
      return .init(remote: remote, exchange: { _ = try await publisher.exchange(with: remote) })
    }
  }
}
