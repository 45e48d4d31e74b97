import Foundation
import SheafModel
import SheafSync

extension HTTPRemote {
  /// Asks to become a member, with a signed note (`Schemas/enrolment.md`). Repeating it has no further effect.
  ///
  /// - Throws: `RemoteError`; `.forbidden` when no invitation fits.
  public func enrol(_ note: [UInt8], from member: MemberMark) async throws -> EnrolmentAnswer? {
    let answer = try await retrying {
      try await self.exchange(
        .enrol, body: (Wire.enrolment, note[...]), limit: 64 << 10, patience: self.configuration.answerTimeout
      )
    }
    guard answer.type == Wire.json,
      let told = try? JSONDecoder().decode(EnrolmentAnswer.self, from: Data(answer.body))
    else { throw notSheaf("its answer to the request to become a member can't be read") }
    return told
  }

  /// Asks for a token with which a browser reads in the name of the member that was introduced.
  public func beginSession() async throws -> SessionAnswer {
    let answer = try await exchange(.session, limit: 64 << 10, patience: configuration.answerTimeout)
    guard answer.type == Wire.json,
      let told = try? JSONDecoder().decode(SessionAnswer.self, from: Data(answer.body))
    else { throw notSheaf("its answer to the request for a session can't be read") }
    return told
  }
}
