import Foundation
import SheafModel

/// Where an invitation's code comes from: a file, the environment, or the terminal; never the arguments, which other
/// users of the machine can read.
enum CodeSource {
  /// The code that was given with this call; `nil` for none.
  ///
  /// - Parameters:
  ///   - file: A file that holds it.
  ///   - asks: Whether a person is asked.
  static func code(file: String?, asks: Bool, in session: Session) throws -> InvitationCode? {
    let text: String?
    if let file {
      guard let held = try SecretFile.read(session.url(file)) else {
        throw SecretError(file: file, detail: "there is no such file")
      }
      text = held
    } else if let variable = session.environment["SHEAF_CODE"], !variable.trimmingWhiteSpace.isEmpty {
      text = variable
    } else if asks {
      guard let answer = session.console.askSecret("Code:") else {
        throw UsageError(
          "nobody is there to type the code", hint: "Give it with --code-file FILE or in SHEAF_CODE.")
      }
      text = answer
    } else {
      text = nil
    }
    guard let text else { return nil }
    guard let code = InvitationCode(text) else {
      throw UsageError("the code is not one", hint: "It has nine groups of five letters and digits.")
    }
    return code
  }
}
