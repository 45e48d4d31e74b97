import SheafModel

/// Members and settings that one transaction has read: their documents are asked for at every change set.
///
/// Whatever changes the heads of a document or adds a revision to it says so with `changed`.
final class MemberCache {
  /// What a member's document says depends on where it stands: another's content makes nobody a member.
  private struct Place: Hashable {
    let content: SHA256Hash
    let path: DocumentPath
  }

  /// A document's past: what everybody saw of it changes with its own revisions only.
  private struct Past {
    /// The change sets with a revision of it, ascending.
    let changes: [UInt64]
    /// What was shown from there on, of those that somebody has asked for.
    var contents: [UInt64: SHA256Hash?] = [:]
  }

  private static let memberCapacity = 10_000
  private static let settingsCapacity = 100

  private var members: [Place: Member?] = [:]
  private var settings: [SHA256Hash: LibrarySettings] = [:]
  private var settingsRow: DocumentRow?
  private var documents: [[UInt8]: (row: DocumentRow, path: DocumentPath)] = [:]
  private var current: [DocumentRow: SHA256Hash?] = [:]
  private var pasts: [DocumentRow: Past] = [:]
  private var closing: UInt64??

  func member(
    _ content: SHA256Hash, at path: DocumentPath, _ read: () throws -> Member?
  ) rethrows -> Member? {
    let place = Place(content: content, path: path)
    if let known = members[place] { return known }
    let member = try read()
    if members.count >= Self.memberCapacity { members.removeAll() }
    members[place] = .some(member)
    return member
  }

  func settings(_ content: SHA256Hash, _ read: () throws -> LibrarySettings) rethrows -> LibrarySettings {
    if let known = settings[content] { return known }
    let read = try read()
    if settings.count >= Self.settingsCapacity { settings.removeAll() }
    settings[content] = read
    return read
  }

  /// The row of the settings, remembered from when there is one.
  func settingsDocument(_ find: () throws -> DocumentRow?) rethrows -> DocumentRow? {
    if let settingsRow { return settingsRow }
    settingsRow = try find()
    return settingsRow
  }

  /// The row and the path of the member with a key, remembered from when there are any.
  func document(
    of key: [UInt8], _ find: () throws -> (row: DocumentRow, path: DocumentPath)?
  ) rethrows -> (row: DocumentRow, path: DocumentPath)? {
    if let known = documents[key] { return known }
    let found = try find()
    if documents.count >= Self.memberCapacity { documents.removeAll() }
    documents[key] = found
    return found
  }

  /// What everybody sees of a document.
  func current(of document: DocumentRow, _ read: () throws -> SHA256Hash?) rethrows -> SHA256Hash? {
    if let known = current[document] { return known }
    let content = try read()
    if current.count >= Self.memberCapacity { current.removeAll() }
    current[document] = .some(content)
    return content
  }

  /// What everybody saw of a document when the log was `size` change sets long.
  ///
  /// - Parameters:
  ///   - changes: Looks up the change sets with a revision of the document, ascending.
  ///   - read: Looks up what was shown after one of these.
  func content(
    of document: DocumentRow, at size: UInt64, changes: () throws -> [UInt64],
    read: (UInt64) throws -> SHA256Hash?
  ) rethrows -> SHA256Hash? {
    let past: Past
    if let known = pasts[document] {
      past = known
    } else {
      past = Past(changes: try changes())
      if pasts.count >= Self.memberCapacity { pasts.removeAll() }
      pasts[document] = past
    }
    guard let number = Self.last(of: past.changes, upTo: size) else { return nil }
    if let known = past.contents[number] { return known }
    let content = try read(number)
    pasts[document]?.contents[number] = .some(content)
    return content
  }

  private static func last(of changes: [UInt64], upTo size: UInt64) -> UInt64? {
    var (low, high) = (0, changes.count)
    while low < high {
      let middle = (low + high) / 2
      if changes[middle] <= size { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? changes[low - 1] : nil
  }

  /// The change set by which the library was closed; `nil` for an open one.
  func closing(_ find: () throws -> UInt64?) rethrows -> UInt64? {
    if let closing { return closing }
    let found = try find()
    closing = .some(found)
    return found
  }

  /// Forgets what may be said otherwise of a document now.
  func changed(_ document: DocumentRow) {
    current[document] = nil
    pasts[document] = nil
    // It may be the first member's; and once closed, a library stays so.
    if closing == .some(nil) { closing = nil }
  }

  func removeAll() {
    members.removeAll()
    settings.removeAll()
    settingsRow = nil
    documents.removeAll()
    current.removeAll()
    pasts.removeAll()
    closing = nil
  }
}
