import Foundation
import SheafModel
import SheafStore
import SheafSync

extension Fleet {
  /// Lets everybody meet over a good line, and lists what is not as it must be.
  ///
  /// - Returns: One sentence for each broken promise; none when all hold.
  public func settle() async throws -> [String] {
    var broken: [String] = []
    for round in 0..<4 {
      for member in members.dropFirst() {
        let remote = MemoryRemote(service: publisher)
        let report = try await member.library.sync(with: remote)
        guard round == 3 else { continue }
        if !report.isSameAsPublisher { broken.append("\(member.name) is not the same as the publisher") }
        if report.drafts > 0 { broken.append("\(member.name) still has \(report.drafts) drafts") }
        if remote.traffic.requests != 1 {
          broken.append("\(member.name) needed \(remote.traffic.requests) requests for nothing new")
        }
      }
    }
    for member in members {
      let rebuilds = Bool.random(using: &random)
      let report = try await member.library.verify(rebuild: rebuilds, activity: { _ in })
      broken += report.problems.map { "\(member.name) (rebuilt: \(rebuilds)): \($0.place): \($0.problem)" }
    }
    try await close()
    let own = try snapshot(of: members[0])
    for member in members.dropFirst() {
      let other = try snapshot(of: member)
      if other.root != own.root { broken.append("\(member.name) has another state root") }
      let expected = own.documents.filter { other.subscription.holds($0.path.collection) }
      if other.documents != expected {
        broken.append("\(member.name) shows \(other.documents), and not \(expected)")
      }
    }
    broken += try lostEdits()
    return broken
  }

  private struct Snapshot {
    struct Document: Equatable {
      var path: DocumentPath
      var heads: [SHA256Hash?]
    }
    var root: SHA256Hash
    var subscription: Subscription
    var documents: [Document]
  }

  private func snapshot(of member: Member) throws -> Snapshot {
    let store = try LibraryStore.open(in: member.folder)
    defer { try? store.close() }
    return try store.readBlocking { transaction in
      let listed = try transaction.documents(in: nil, after: nil, count: 1000)
      return Snapshot(
        root: try transaction.stateRoot(), subscription: try transaction.facts().subscription,
        documents: try listed.map {
          .init(path: $0.path, heads: try transaction.heads(of: $0.path).map(\.content))
        })
    }
  }

  /// Edits that somebody was told are recorded, and that are neither in the log nor in quarantine.
  private func lostEdits() throws -> [String] {
    var refused: Set<String> = []
    let store = try LibraryStore.open(in: members[0].folder)
    defer { try? store.close() }
    for member in members.dropFirst() {
      let store = try LibraryStore.open(in: member.folder)
      defer { try? store.close() }
      refused.formUnion(try store.readBlocking { try $0.drafts([.refused]).map { $0.leaf.hex } })
    }
    return try store.readBlocking { transaction in
      let size = try transaction.position().size
      let changeSets = try transaction.changeSets(from: 1, count: Int(clamping: size))
      let numbers = Dictionary(
        changeSets.map { ($0.leaf.hex.prefix(16), $0.number) }, uniquingKeysWith: { first, _ in first })
      var lost: [String] = []
      for edit in acknowledged {
        if let draft = edit.draft, numbers[draft[...]] == nil {
          let leaf = refused.first { $0.hasPrefix(draft) }.flatMap { SHA256Hash(hex: $0) }
          let isKept = try leaf.map { try transaction.refusal(leaf: $0) != nil } ?? false
          if !isKept { lost.append("lost: \(edit.what)") }
          continue
        }
        guard let number = edit.changeSet ?? edit.draft.flatMap({ numbers[$0[...]] }) else { continue }
        let revisions = try transaction.revisions(inChangeSet: number)
        if let content = edit.content, !revisions.contains(where: { $0.content == content }) {
          lost.append("change set \(number) lacks the content of: \(edit.what)")
        }
        if let content = edit.content, try !transaction.holdsBody(content) {
          lost.append("the content is gone of: \(edit.what)")
        }
      }
      return lost
    }
  }
}
