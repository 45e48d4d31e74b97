import ArgumentParser
import Foundation
import SheafModel

/// An error in the words that a person reads, and the exit code that a script reads.
struct FailureText: Equatable {
  /// The whole sentence.
  var problem: String
  /// What to try next.
  var hint: String?
  /// How the process ends.
  var outcome: Outcome

  /// Explains any error; an error that is not ours gets a plain sentence, never a dump.
  init(_ error: any Error) {
    switch error {
    case let failure as any SheafFailure:
      problem = "\(failure.problem); \(failure.unchanged)."
      hint = failure.hint
      outcome =
        switch failure.kind {
        case .failed: .failed
        case .verification: .unverified
        case .usage: .usage
        }
    case is CancellationError:
      problem = "interrupted; nothing is half done."
      outcome = .interrupted
    case let error as CocoaError:
      let place = error.filePath.map { "\($0): " } ?? ""
      problem = "\(place)\(Self.sentence(error.localizedDescription))"
      outcome = .failed
    default:
      problem = "something unexpected failed: \(Self.sentence(error.localizedDescription))"
      outcome = .failed
    }
  }

  private static func sentence(_ text: String) -> String {
    text.hasSuffix(".") ? text : text + "."
  }
}
