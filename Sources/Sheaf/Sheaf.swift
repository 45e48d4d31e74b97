import Foundation
/// What an app that embeds a replica imports: the public face of the modules below.
@_exported import SheafHTTP
@_exported import SheafModel
@_exported import SheafSync

extension LibraryEnvironment {
  /// The world as it is: the system's clock and its secure randomness.
  ///
  /// A publisher's app sets `stateFolder` itself, where it has one: nothing below the command reads the environment.
  public static var system: LibraryEnvironment {
    LibraryEnvironment(
      clock: { Timestamp(seconds: Int64(Date().timeIntervalSince1970)) },
      random: { count in
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      })
  }
}
