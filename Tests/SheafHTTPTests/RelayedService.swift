import Foundation
import SheafModel
import SheafSync

/// A service that passes on what it is asked, so that a test says only what its own does otherwise.
protocol RelayedService: LibraryService {
  var relayed: any LibraryService { get }
}

extension RelayedService {
  var name: String { get async throws { try await relayed.name } }
  func standing(of mark: MemberMark?) async throws -> Standing { try await relayed.standing(of: mark) }
  func checkpointNote() async throws -> [UInt8] { try await relayed.checkpointNote() }
  func cosignedCheckpoint() async throws -> [UInt8] { try await relayed.cosignedCheckpoint() }
  func cosignatures(after size: UInt64) async throws -> [UInt8] {
    try await relayed.cosignatures(after: size)
  }
  func cosign(_ handed: [UInt8], after size: UInt64) async throws -> [UInt8] {
    try await relayed.cosign(handed, after: size)
  }
  func offer(_ request: PullRequest) async throws -> Offer { try await relayed.offer(request) }
  func receive(push bundle: [UInt8], from carrier: MemberMark?) async throws -> [DraftAnswer] {
    try await relayed.receive(push: bundle, from: carrier)
  }
  func receive(pushed file: URL, from carrier: MemberMark?) async throws -> [DraftAnswer] {
    try await relayed.receive(pushed: file, from: carrier)
  }
  var pushedParts: URL { relayed.pushedParts }
  func answers(to leaves: [SHA256Hash]) async throws -> [DraftAnswer] {
    try await relayed.answers(to: leaves)
  }
  func receipt(changeSet: UInt64) async throws -> String { try await relayed.receipt(changeSet: changeSet) }
  func tile(_ path: String) async throws -> [UInt8]? { try await relayed.tile(path) }
  func documents(in collection: CollectionName?) async throws -> [DocumentSummary] {
    try await relayed.documents(in: collection)
  }
  func content(of path: DocumentPath) async throws -> DocumentContent? {
    try await relayed.content(of: path)
  }
  func history(of path: DocumentPath) async throws -> [HistoryEntry] {
    try await relayed.history(of: path)
  }
  func figures() async throws -> ServiceFigures { try await relayed.figures() }
}
