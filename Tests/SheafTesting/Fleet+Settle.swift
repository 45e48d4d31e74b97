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
    // Drafts go in the first round, and what became of them in the second is everybody's in the third.
    let lastRound = 2
    for round in 0...lastRound {
      for member in members.dropFirst() {
        let remote = MemoryRemote(service: publisher)
        let report = try await member.library.sync(with: remote)
        guard round == lastRound else { continue }
        if !report.isSameAsPublisher { broken.append("\(member.name) is not the same as the publisher") }
        if report.drafts > 0 { broken.append("\(member.name) still has \(report.drafts) drafts") }
        if remote.traffic.requests != 1 {
          broken.append("\(member.name) needed \(remote.traffic.requests) requests for nothing new")
        }
      }
    }
    // Verifying costs as much as all else, so each seed looks at one copy.
    let index = Int.random(in: 0..<members.count, using: &random)
    let rebuilds = Bool.random(using: &random)
    let report = try await members[index].library.verify(rebuild: rebuilds, activity: { _ in })
    broken += report.problems.map {
      "\(members[index].name) (rebuilt: \(rebuilds)): \($0.place): \($0.problem)"
    }
    var shown: [[String: SHA256Hash]] = []
    for member in members { shown.append(try await whatIsShown(by: member.library)) }
    try await close()
    let snapshots = try members.dropFirst().map { member in
      (member.name, try withStore(of: member) { try snapshot($0) })
    }
    try withStore(of: members[0]) { transaction in
      let own = try snapshot(transaction)
      for (index, (name, other)) in snapshots.enumerated() {
        let theirs = shown[index + 1]
        let ours = shown[0].filter { path, _ in
          (try? DocumentPath(path)).map { other.subscription.holds($0.collection) } ?? false
        }
        if theirs != ours { broken.append("\(name) shows other contents: \(theirs), and not \(ours)") }
        let proposals = own.proposals.filter { other.subscription.holds($0.path.collection) }
        if other.proposals != proposals {
          broken.append("\(name) has the proposals \(other.proposals), and not \(proposals)")
        }
        if other.root != own.root { broken.append("\(name) has another state root") }
        let expected = own.documents.filter { other.subscription.holds($0.path.collection) }
        if other.documents != expected {
          broken.append("\(name) shows \(other.documents), and not \(expected)")
        }
      }
      // A draft that was signed again left its first form in quarantine.
      let quarantined = try transaction.quarantined(limit: 10_000).map { Hexadecimal.encode($0.leaf) }
      broken += try lostEdits(
        transaction, refused: snapshots.reduce(into: Set(quarantined)) { $0.formUnion($1.1.refused) })
    }
    return broken
  }

  /// The contents that somebody sees who looks at a copy, conflicts included.
  private func whatIsShown(by library: Library) async throws -> [String: SHA256Hash] {
    var shown: [String: SHA256Hash] = [:]
    for document in try await library.documents(in: nil) {
      do {
        let content = try await library.content(of: try DocumentPath(document.path), at: .now)
        shown[document.path] = SHA256Hash(hashing: content.bytes)
      } catch LibraryError.noDocument {}
    }
    return shown
  }

  private func withStore<Value>(of member: Member, _ body: (StoreTransaction) throws -> Value) throws -> Value
  {
    let store = try LibraryStore.open(in: member.folder)
    defer { try? store.close() }
    return try store.readBlocking(body)
  }

  private struct Snapshot {
    struct Document: Equatable {
      var path: DocumentPath
      var heads: [SHA256Hash?]
    }
    var root: SHA256Hash
    var subscription: Subscription
    var documents: [Document]
    struct Proposal: Equatable {
      var path: DocumentPath
      var name: RevisionName
      var content: SHA256Hash?
    }
    var proposals: [Proposal]
    var refused: Set<String>
  }

  private func snapshot(_ transaction: StoreTransaction) throws -> Snapshot {
    Snapshot(
      root: try transaction.stateRoot(), subscription: try transaction.facts().subscription,
      documents: try transaction.documents(in: nil, after: nil, count: 1000).map {
        .init(path: $0.path, heads: try transaction.heads(of: $0.path).map(\.content))
      },
      proposals: try transaction.openProposals().map {
        .init(path: $0.path, name: $0.proposal.name, content: $0.proposal.content)
      },
      refused: Set(try transaction.drafts([.refused]).map(\.leaf.hex)))
  }

  /// Edits that somebody was told are recorded, and that are neither in the log nor in quarantine.
  private func lostEdits(_ transaction: StoreTransaction, refused: Set<String>) throws -> [String] {
    let size = try transaction.position().size
    let changeSets = try transaction.changeSets(from: 1, count: Int(clamping: size))
    let numbers = Dictionary(
      changeSets.map { ($0.leaf.hex.prefix(16), $0.number) }, uniquingKeysWith: { first, _ in first })
    var lost: [String] = []
    if Set(changeSets.map(\.leaf)).count != changeSets.count {
      lost.append("a change set is in the log twice")
    }
    for edit in acknowledged {
      guard let number = edit.changeSet ?? edit.draft.flatMap({ numbers[$0[...]] }) else {
        let leaf = refused.first { $0.hasPrefix(edit.draft ?? "-") }.flatMap { SHA256Hash(hex: $0) }
        if try leaf.flatMap({ try transaction.refusal(leaf: $0) }) == nil {
          lost.append("lost: \(edit.what)")
        }
        continue
      }
      guard let content = edit.content else { continue }
      if try !transaction.revisions(inChangeSet: number).contains(where: { $0.content == content }) {
        lost.append("change set \(number) lacks the content of: \(edit.what)")
      }
      if try !transaction.holdsBody(content) { lost.append("the content is gone of: \(edit.what)") }
    }
    return lost
  }
}
