import Foundation
import SheafModel

/// Where a person says that the library is.
enum RemoteAddress: Hashable, Sendable {
  /// A server.
  case http(String)
  /// A folder or a stick.
  case folder(URL)
  /// One bundle in a file.
  case bundle(URL)

  /// Reads an address.
  ///
  /// - Parameters:
  ///   - base: The folder that relative paths start from.
  ///   - isFolder: Whether a folder stands at a path; `nil` when nothing does.
  /// - Throws: `AddressError`.
  init(_ text: String, base: URL, isFolder: (String) -> Bool?) throws(AddressError) {
    let scheme = text.prefix { $0 != ":" }.lowercased()
    if text.contains("://"), scheme == "http" || scheme == "https" {
      // A password in an address would end up in the library, in logs and in reports.
      let authority = text.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
      guard !authority.contains("@") else { throw .holdsSecret }
      self = .http(text)
      return
    }
    var path = text
    if scheme == "file", text.contains("://") {
      guard let url = URL(string: text), url.isFileURL,
        url.host() == nil || url.host() == "" || url.host() == "localhost"
      else { throw .unknown(text) }
      path = url.path(percentEncoded: false)
    } else if text.contains("://") {
      throw .unknown(text)
    }
    guard !path.isEmpty else { throw .unknown(text) }
    let url = URL(filePath: path, relativeTo: base).standardizedFileURL
    switch isFolder(url.path(percentEncoded: false)) {
    case true: self = .folder(url)
    case false:
      guard path.hasSuffix(".sheaf") else { throw .notBundle(text) }
      self = .bundle(url)
    case nil: throw .nothingThere(text)
    }
  }

  /// The address as the library remembers it.
  var text: String {
    switch self {
    case .http(let text): text
    case .folder(let url), .bundle(let url): Self.path(url)
    }
  }

  /// The address as a sentence names it: a server's host, a folder's path.
  var short: String {
    switch self {
    case .http(let text):
      String(text.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" })
        .escapedForTerminal
    case .folder(let url), .bundle(let url): Self.path(url).escapedForTerminal
    }
  }

  private static func path(_ url: URL) -> String {
    let path = url.path(percentEncoded: false)
    return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }
}

/// Why an address is none. Nothing was changed.
enum AddressError: SheafFailure, Equatable {
  /// It is written in no way that is known.
  case unknown(String)
  /// There is nothing at this path.
  case nothingThere(String)
  /// The file is not named as a bundle is.
  case notBundle(String)
  /// It holds a user's name or a password.
  case holdsSecret
  /// A bundle's file can't be synced with.
  case bundle(String)
  /// No remote was named, now or earlier.
  case none

  var problem: String {
    switch self {
    case .unknown(let text): "\"\(text)\" is no address of a library"
    case .nothingThere(let text): "there is nothing at \(text)"
    case .notBundle(let text): "\(text) is neither a folder nor a .sheaf file"
    case .holdsSecret: "the address holds a name or password"
    case .bundle(let file): "\(file) is a bundle, which can be applied but not asked"
    case .none: "this library has no remote yet"
    }
  }
  var unchanged: String { "the library is as it was" }
  var hint: String? {
    switch self {
    case .unknown, .nothingThere, .notBundle: "Give https://HOST, a folder, or a file that ends in .sheaf."
    case .holdsSecret: "Give the address without them; `sheaf` shows who it is by its own key."
    case .bundle(let file): "Run `sheaf bundle apply \(file)`."
    case .none: "Name one: `sheaf sync REMOTE`."
    }
  }
  var kind: FailureKind { .usage }
}
