import SheafModel

/// A remote shows another history of the same length: evidence that somebody rewrote it.
public struct HistoryRewritten: SheafFailure, Equatable {
  public let size: UInt64
  public let own: SHA256Hash
  public let theirs: SHA256Hash
  public var problem: String {
    "the remote's log of \(size) change sets has the root \(theirs.base64), and this copy's has \(own.base64): "
      + "history was rewritten"
  }
  public var unchanged: String { "the library is as it was" }
  public var hint: String? { "Keep this copy as evidence and ask another replica for its checkpoint." }
  public var kind: FailureKind { .verification }
}

/// A receipt proves another place than the remote said.
public struct ReceiptMismatch: SheafFailure, Equatable {
  public let number: UInt64
  public var problem: String { "the receipt for change set \(number) proves another place in the log" }
  public var unchanged: String { "the draft still waits" }
  public var kind: FailureKind { .verification }
}

/// A refusal that the publisher did not sign.
public struct ForgedRefusal: SheafFailure, Equatable {
  /// The draft's mark.
  public let draft: String
  public var problem: String { "the answer that draft \(draft) was not taken is not signed by the publisher" }
  public var unchanged: String { "the draft still waits" }
  public var hint: String? {
    "Somebody changed the answer on its way; sync another way, or with a new stick."
  }
  public var kind: FailureKind { .verification }
}
