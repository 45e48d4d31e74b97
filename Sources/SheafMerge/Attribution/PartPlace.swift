import SheafModel

/// What a part of a document is, as its history tells it.
public enum PartKind: String, Hashable, Sendable, CaseIterable {
  /// A value in a record or in an article's front matter.
  case field
  /// A heading.
  case heading
  /// A sentence of a paragraph.
  case sentence
  /// A sentence of a list item.
  case listItem = "list item"
  /// A cell of a table in an article.
  case cell
  /// A line of code.
  case code
  /// A line of plain text.
  case line
  /// A row of a table.
  case row
  /// The whole document, where it has no parts that a person could be told about.
  case document
}

/// Where in a document a part stands; numbers count from 1.
public enum PartPlace: Hashable, Sendable {
  /// The whole document.
  case document
  /// A value, by its JSON pointer.
  case field(JSONPointer)
  /// A piece of an article: the block in its body, the piece in the block, and the file's line it starts on.
  case piece(block: Int, piece: Int, line: Int)
  /// A line of a text, or the line on which a table's row starts.
  case line(Int)

  /// The place as a person reads it: `/title`, `block 3.2`, `line 7`, `document`.
  public var words: String {
    switch self {
    case .document: "document"
    case .field(let pointer): pointer.tokens.isEmpty ? "(whole)" : pointer.description
    case .piece(let block, let piece, _): "block \(block).\(piece)"
    case .line(let line): "line \(line)"
    }
  }

  /// The line of the file, where the place has one.
  public var line: Int? {
    switch self {
    case .piece(_, _, let line), .line(let line): line
    case .document, .field: nil
    }
  }
}
