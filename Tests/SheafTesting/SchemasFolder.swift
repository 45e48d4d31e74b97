import Foundation

/// The project's `Schemas` folder, where format pages and vectors live.
public let schemasFolder = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Schemas")

/// The bytes of a vector, or a failure that names it.
public func vector(_ name: String) throws -> [UInt8] {
  Array(try Data(contentsOf: schemasFolder.appending(path: "vectors").appending(path: name)))
}
