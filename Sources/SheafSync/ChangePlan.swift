import SheafModel

/// What a folder would change in a library: the pure part of publishing.
struct ChangePlan: Sendable, Equatable {
  var added: [DocumentPath] = []
  var changed: [DocumentPath] = []
  var moved: [Move] = []
  var missing: [DocumentPath] = []
  var unchangedCount = 0

  struct Move: Sendable, Equatable {
    var from: DocumentPath
    var to: DocumentPath
  }

  /// Compares what is current with what a folder holds.
  ///
  /// A document that is missing while the same content stands under a new path has
  /// moved; where several could be meant, they are paired in byte order of their paths.
  init(current: [DocumentPath: SHA256Hash], folder: [DocumentPath: SHA256Hash]) {
    var appeared: [SHA256Hash: [DocumentPath]] = [:]
    for (path, hash) in folder.sorted(by: { $0.key < $1.key }) {
      if let known = current[path] {
        if known == hash { unchangedCount += 1 } else { changed.append(path) }
      } else {
        appeared[hash, default: []].append(path)
      }
    }
    for (path, hash) in current.sorted(by: { $0.key < $1.key }) where folder[path] == nil {
      // A folder of content says nothing about who may do what.
      if path.tellsRights { continue }
      if let new = appeared[hash]?.first {
        moved.append(Move(from: path, to: new))
        appeared[hash]?.removeFirst()
      } else {
        missing.append(path)
      }
    }
    added = appeared.values.flatMap { $0 }.sorted()
  }

  /// Whether nothing would be recorded.
  func isEmpty(prunes: Bool) -> Bool {
    added.isEmpty && changed.isEmpty && moved.isEmpty && (missing.isEmpty || !prunes)
  }
}
