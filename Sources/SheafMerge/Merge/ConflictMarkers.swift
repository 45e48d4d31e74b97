extension MergedParts {
  /// What stands behind the markers.
  public struct Labels: Hashable, Sendable {
    public var base: String
    public var ours: String
    public var theirs: String

    /// Makes labels.
    public init(base: String = "base", ours: String = "ours", theirs: String = "theirs") {
      self.base = base
      self.ours = ours
      self.theirs = theirs
    }
  }

  /// The whole content with standard conflict markers around the lines of each part.
  ///
  /// `<<<<<<<` ours, `|||||||` base, `=======`, `>>>>>>>` theirs, each marker on a line of its own
  /// and seven characters wide. Around a field they enclose all lines that it shares. A side
  /// that deleted the document stands as no lines.
  ///
  /// - Parameter proposals: Whether parts with a proposal are written as proposed, without markers.
  public func conflictMarkers(_ labels: Labels = Labels(), takingProposals proposals: Bool = false) -> [UInt8]
  {
    func side(_ choice: ConflictPart.Choice) -> [UInt8] {
      let choices = parts.map { $0.isProposed && proposals ? ConflictPart.Choice.proposed : choice }
      return content(taking: choices) ?? []
    }
    var writer = MarkerWriter(labels: labels)
    let isWholeLines = pieces.allSatisfy { piece in
      switch piece {
      case .text(let bytes): bytes.last == UInt8(ascii: "\n") || bytes.isEmpty || piece == pieces.last
      case .part(let index): Self.isWholeLines(parts[index])
      case .members: false
      }
    }
    guard isWholeLines else {
      // Parts within lines: the lines in which the three documents differ.
      let lines = (
        base: TextLines(side(.base)), ours: TextLines(side(.ours)), theirs: TextLines(side(.theirs))
      )
      for region in ThreeWayLines(base: lines.base, ours: lines.ours, theirs: lines.theirs).regions {
        if region.kind == .unchanged {
          writer.write(lines.ours[region.ours])
        } else {
          writer.write(
            base: lines.base[region.base], ours: lines.ours[region.ours], theirs: lines.theirs[region.theirs])
        }
      }
      return writer.out
    }
    for piece in pieces {
      switch piece {
      case .text(let bytes): writer.write(bytes[...])
      case .part(let index):
        let part = parts[index]
        if part.isProposed, proposals {
          writer.write((part.content(.proposed) ?? [])[...])
        } else {
          writer.write(
            base: (part.base ?? [])[...], ours: (part.ours ?? [])[...], theirs: (part.theirs ?? [])[...])
        }
      case .members: break
      }
    }
    return writer.out
  }

  private static func isWholeLines(_ part: ConflictPart) -> Bool {
    switch part.place {
    case .document, .lines, .block: true
    case .field, .item:
      // Front matter's entries are whole lines too.
      [part.base, part.ours, part.theirs].allSatisfy { $0?.last ?? UInt8(ascii: "\n") == UInt8(ascii: "\n") }
    }
  }
}

/// Writes text with conflict markers, each on a line of its own.
private struct MarkerWriter {
  let labels: MergedParts.Labels
  private(set) var out: [UInt8] = []

  init(labels: MergedParts.Labels) { self.labels = labels }

  mutating func write(_ text: ArraySlice<UInt8>) { out += text }

  mutating func write(base: ArraySlice<UInt8>, ours: ArraySlice<UInt8>, theirs: ArraySlice<UInt8>) {
    mark("<<<<<<<", labels.ours)
    write(ours)
    mark("|||||||", labels.base)
    write(base)
    mark("=======", "")
    write(theirs)
    mark(">>>>>>>", labels.theirs)
  }

  private mutating func mark(_ sign: String, _ label: String) {
    if let last = out.last, last != UInt8(ascii: "\n") { out.append(UInt8(ascii: "\n")) }
    out += Array((label.isEmpty ? sign : sign + " " + label).utf8)
    out.append(UInt8(ascii: "\n"))
  }
}
