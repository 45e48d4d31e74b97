import Foundation
import SheafModel
import SheafSync

extension LibraryEnvironment {
  /// The machine's clock and the system's random numbers.
  static let system: LibraryEnvironment = {
    var environment = plain
    environment.passphrase = Passphrase.current
    environment.stateFolder = stateFolder(in: ProcessInfo.processInfo.environment)
    return environment
  }()

  private static let plain = LibraryEnvironment(
    clock: { Timestamp(seconds: Int64(Date().timeIntervalSince1970)) },
    random: { count in
      var generator = SystemRandomNumberGenerator()
      return (0..<max(0, count)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    })
}
