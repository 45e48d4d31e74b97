import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("What may be missing after a bundle")
struct AbsenceCheckTests {
  private static let sizeInBytes: UInt64 = 2_000_000

  /// Whether a copy may do without a content of which a step tells.
  ///
  /// - Parameter wasAbsent: Whether the copy knew of it before, and did without.
  private static func mayBeAbsent(
    at path: String = "media/a.bin", depth: Depth = .trail, wasAbsent: Bool = false,
    isBuiltOnAbsent: Bool = false,
    stoodThere: Bool = true
  ) async throws -> Bool {
    let world = try await SyncWorld()
    try await world.put("edition 1\n", at: "a.md")
    let clinic = try await world.replica()
    let content = SHA256Hash(hashing: [9])
    return try await clinic.store.write(purpose: "test") { transaction in
      if wasAbsent { try transaction.noteAbsent(content, sizeInBytes: sizeInBytes) }
      var check = try AbsenceCheck(transaction, from: 1, depth: depth)
      try check.note(content, sizeInBytes: sizeInBytes, isBuiltOnAbsent: isBuiltOnAbsent)
      return try check.allows(content, at: try DocumentPath(path), before: stoodThere ? [content] : [])
    }
  }

  @Test("What was absent at its place stays so; what a bundle is the first to tell of must come")
  func announced() async throws {
    #expect(try await Self.mayBeAbsent(wasAbsent: true))
    #expect(try await !Self.mayBeAbsent(wasAbsent: true, stoodThere: false))
    #expect(try await !Self.mayBeAbsent())
    #expect(try await Self.mayBeAbsent(isBuiltOnAbsent: true))
  }

  @Test("A full copy may lack nothing, and no copy settings, members or schemas")
  func never() async throws {
    for wasAbsent in [false, true] {
      for path in ["schemas/a.json", "sheaf/settings.json"] {
        #expect(try await !Self.mayBeAbsent(at: path, wasAbsent: wasAbsent, isBuiltOnAbsent: true))
      }
      #expect(try await !Self.mayBeAbsent(depth: .full, wasAbsent: wasAbsent, isBuiltOnAbsent: true))
    }
  }
}
