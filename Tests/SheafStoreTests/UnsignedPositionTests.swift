import SheafModel
import SheafStore
import SheafTesting
import Testing

@Suite("Positions that wait for their signatures")
struct UnsignedPositionTests {
  @Test("Those that were signed are forgotten, and those beyond wait on")
  func upTo() throws {
    try TestLog.inStore { (log) throws in
      let transaction = log.transaction
      for size in UInt64(1)...4 {
        try transaction.insertUnsigned(size: size, stateRoot: SHA256Hash(hashing: [UInt8(size)]))
      }
      for (size, left) in [(0, [1, 2, 3, 4]), (2, [3, 4]), (2, [3, 4]), (3, [4]), (.max, [])]
        as [(UInt64, [UInt64])]
      {
        try transaction.removeUnsigned(upTo: size)
        #expect(try transaction.unsigned().map(\.size) == left)
        #expect(
          try transaction.unsigned().allSatisfy { $0.stateRoot == SHA256Hash(hashing: [UInt8($0.size)]) })
      }
    }
  }
}
