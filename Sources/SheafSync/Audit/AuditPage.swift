import SheafMerge
import SheafModel

/// An audit as one HTML file for people: no script, nothing from outside, made to be printed.
struct AuditPage: AuditWriter {
  /// Above these, a page is no use to a reader; the other formats have everything.
  static let shownParts = 500
  static let shownCharacters = 6_000
  private static let listedDocuments = 100_000

  var separator: [UInt8] { [] }

  func opening(_ summary: AuditSummary) -> [UInt8] {
    var page = HTMLText()
    page.raw(
      """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Audit of 
      """)
    page.text(summary.name)
    page.raw("</title>\n<style>\(Self.style)</style></head><body>\n<header><h1>Audit of ")
    page.text(summary.name)
    page.raw("</h1>\n")
    facts(summary, &page)
    page.raw("</header>\n")
    verification(summary, &page)
    counts(summary, &page)
    index(summary, &page)
    page.raw("<section id=\"changes\"><h2>Changes</h2>\n<table class=\"changes\">\n")
    page.raw(
      "<colgroup><col class=\"name\"><col class=\"who\"><col class=\"when\"><col class=\"half\"><col class=\"half\"></colgroup>\n<thead><tr class=\"running\"><td colspan=\"5\">Audit of "
    )
    page.text("\(summary.name), \(Self.period(summary)), made \(summary.made)")
    page.raw(
      "</td></tr>\n<tr><th scope=\"col\">Change set</th><th scope=\"col\">Who</th><th scope=\"col\">When</th><th scope=\"col\">Why</th><th scope=\"col\">Signature</th></tr>\n"
    )
    page.raw(
      "<tr><th scope=\"col\">Revision</th><th scope=\"col\">Document</th><th scope=\"col\">Part</th><th scope=\"col\">Before</th><th scope=\"col\">After</th></tr></thead>\n"
    )
    return page.bytes
  }

  func change(_ change: AuditChange) -> [UInt8] {
    var page = HTMLText()
    page.raw(
      "<tbody id=\"c\(change.number)\">\n<tr class=\"change\"><th scope=\"rowgroup\">\(change.number)</th><td>"
    )
    page.text(change.by.isEmpty ? "(no name)" : change.by)
    if let role = change.role { page.line("small", role) }
    if let site = change.site { page.line("small", site) }
    if let author = change.author { page.line("small", "made by \(author)") }
    page.raw("</td><td>")
    page.pair("claimed", change.importedTime ?? change.claimed)
    if change.importedTime != nil { page.pair("signed", change.claimed) }
    page.pair("logged", change.signed.logged?.description ?? "not recorded")
    page.pair(
      "witnessed",
      change.signed.witnessed.map { "\($0)\(change.signed.witness.map { " by \($0)" } ?? "")" }
        ?? "not recorded")
    if change.signed.witnessIsDoubtful {
      page.line(
        "strong", "the publisher had not signed it by then: the witness's clock or the publisher's is wrong")
    }
    page.pair(
      "not before", change.seenTime.map { "\($0), change set \(change.seen)" } ?? "the library's start")
    if change.isBackdated { page.line("strong", "claims a time before what its author had seen") }
    page.raw("</td><td>")
    page.text(change.reason.isEmpty ? "(no reason)" : change.reason)
    if let source = change.source { page.line("small", source) }
    page.raw("</td><td>")
    if change.isVerified {
      page.raw("verified: yes")
    } else {
      page.raw("<strong>verified: no</strong>")
      for problem in change.problems { page.line("strong", problem) }
    }
    page.raw("<br><small>key <code>")
    page.text(change.fingerprint)
    page.raw("</code></small></td></tr>\n")
    for revision in change.revisions { self.revision(revision, &page) }
    if change.absentLines > 0 {
      page.raw(
        "<tr><td></td><td colspan=\"4\">and \(change.absentLines) revisions of collections that this copy does not hold</td></tr>\n"
      )
    }
    page.raw("</tbody>\n")
    return page.bytes
  }

  func closing(_ summary: AuditSummary) -> [UInt8] {
    Array("</table></section>\n<footer><p>End of the audit.</p></footer>\n</body></html>\n".utf8)
  }

  private func revision(_ revision: AuditRevision, _ page: inout HTMLText) {
    func start(_ count: Int) {
      page.raw("<tr><th scope=\"row\" rowspan=\"\(count)\">\(revision.name)</th><td rowspan=\"\(count)\">")
      page.text(revision.path.text)
      page.line(
        "small", revision.isProposal ? "\(revision.verb.rawValue), as a proposal" : revision.verb.rawValue)
      if !revision.parents.isEmpty {
        page.line("small", "from \(revision.parents.map(\.description).joined(separator: " and "))")
      }
      if let signature = revision.signature {
        page.line(
          "small", "electronic signature: \(signature.meaning.rawValue), on revision \(signature.revision)")
      }
      page.raw("</td>")
    }
    guard !revision.parts.isEmpty else {
      start(1)
      page.raw("<td>")
      page.text(revision.untold ?? (revision.verb.hasContent ? "no part changed" : ""))
      page.raw("</td>")
      for size in [revision.sizeBefore, revision.sizeAfter] {
        page.raw("<td>\(size.map { "\($0) bytes" } ?? "(nothing)")</td>")
      }
      page.raw("</tr>\n")
      return
    }
    let shown = revision.parts.prefix(Self.shownParts)
    let hidden = revision.parts.count - shown.count
    start(shown.count + (hidden > 0 ? 1 : 0))
    for (index, part) in shown.enumerated() {
      page.raw(index == 0 ? "<td>" : "<tr><td>")
      page.text(part.place == .document ? "whole document" : "\(part.kind.rawValue) \(part.place.words)")
      if let line = part.place.line, part.kind != .line, part.kind != .row {
        page.line("small", "line \(line)")
      }
      if part.isMoved { page.line("small", "moved") }
      page.raw("</td>")
      values(part, revision, &page)
      page.raw("</tr>\n")
    }
    if hidden > 0 { page.raw("<tr><td colspan=\"3\">and \(hidden) more parts</td></tr>\n") }
  }

  private func values(_ part: PartDiff.Change, _ revision: AuditRevision, _ page: inout HTMLText) {
    guard part.kind != .document else {
      for size in [revision.sizeBefore, revision.sizeAfter] {
        page.raw("<td>\(size.map { "\($0) bytes" } ?? "(nothing)")</td>")
      }
      return
    }
    guard let before = part.before, let after = part.after, !part.isMoved,
      before.utf8.count + after.utf8.count <= 4 * Self.shownCharacters
    else {
      for value in [part.before, part.after] {
        page.raw("<td>")
        if let value { page.text(Self.shortened(value)) } else { page.raw("(nothing)") }
        page.raw("</td>")
      }
      return
    }
    let words = WordDiff.between(before, after)
    page.raw("<td>")
    for word in words {
      switch word {
      case .equal(let text): page.text(text)
      case .removed(let text): page.marked("del", text)
      case .added: break
      }
    }
    page.raw("</td><td>")
    for word in words {
      switch word {
      case .equal(let text): page.text(text)
      case .added(let text): page.marked("ins", text)
      case .removed: break
      }
    }
    page.raw("</td>")
  }

  private static func shortened(_ value: String) -> String {
    guard value.utf8.count > shownCharacters else { return value }
    let head = String(value.prefix(shownCharacters))
    return head.utf8.count == value.utf8.count
      ? value : "\(head)… (\(value.utf8.count - head.utf8.count) more bytes)"
  }

  private static func period(_ summary: AuditSummary) -> String {
    guard let range = summary.range else { return "no change sets" }
    let only = summary.collections.isEmpty ? "" : " of \(summary.collections.joined(separator: ", "))"
    return "change sets \(range.lowerBound) to \(range.upperBound)\(only)"
  }

  private func facts(_ summary: AuditSummary, _ page: inout HTMLText) {
    page.raw("<dl>")
    for (name, value) in [
      ("Library", summary.library), ("Period", Self.period(summary)), ("Made", summary.made),
      (
        "Checkpoint",
        summary.checkpoint.map { "\($0.size), root \($0.root)" } ?? "none: nothing has been signed yet"
      ), ("Log key", "SHA-256 \(summary.logKeyFingerprint)"),
    ] {
      page.raw("<dt>\(name)</dt><dd>")
      page.text(value)
      page.raw("</dd>")
    }
    page.raw("</dl>\n")
  }

  private func verification(_ summary: AuditSummary, _ page: inout HTMLText) {
    let isGood = summary.unverified.isEmpty && summary.isCheckpointSigned
    page.raw("<section id=\"verification\"><h2>Verification</h2>\n<p class=\"\(isGood ? "good" : "bad")\">")
    page.text(
      isGood
        ? "Everything below that could be verified holds."
        : "Something below does not hold. Do not rely on this audit.")
    page.raw("</p>\n<p>Verified:</p><ul>")
    if summary.isCheckpointSigned, let checkpoint = summary.checkpoint {
      page.item("the log's key signed checkpoint \(checkpoint.size)")
    }
    let holding = summary.changeSets - summary.unverified.count
    page.item(
      "\(holding) of \(summary.changeSets) change sets: the author's signature over the note; the note's place in the log under the checkpoint; the reason and the revision list that the note commits to; the SHA-256 of each content that is shown"
    )
    page.raw("</ul>\n")
    if !summary.unverified.isEmpty { links("Not holding: change sets", summary.unverified, &page) }
    if !summary.doubtful.isEmpty {
      links("Witnessed before the publisher had signed it: change sets", summary.doubtful, &page)
    }
    if !summary.backdated.isEmpty {
      links("Claiming a time before what their author had seen: change sets", summary.backdated, &page)
    }
    page.raw("<p>Not verified:</p><ul>")
    page.item("change sets outside the period; `sheaf verify` checks the whole copy")
    page.item("that a key is the person's whose name stands beside it, and the times that authors claim")
    if summary.withoutLoggedTime > 0 {
      page.item(
        "when \(summary.withoutLoggedTime) change sets entered the log: no timestamp is kept; their order is proved"
      )
    }
    if summary.withoutWitness > 0 {
      page.item("\(summary.withoutWitness) change sets by any witness: none has cosigned")
    }
    if summary.redacted > 0 {
      page.item(
        "what changed in \(summary.redacted) revisions: content before or after was redacted by two people, as it says there"
      )
    }
    if summary.untold > 0 {
      page.item("what changed in \(summary.untold) revisions, whose content is not held here or is an asset")
    }
    if summary.absentLines > 0 {
      page.item("\(summary.absentLines) revisions of collections that this copy does not hold")
    }
    page.raw("</ul></section>\n")
  }

  private func links(_ label: String, _ numbers: [UInt64], _ page: inout HTMLText) {
    page.raw("<p>\(label)")
    for number in numbers.prefix(1_000) { page.raw(" <a href=\"#c\(number)\">\(number)</a>") }
    if numbers.count > 1_000 { page.raw(" and \(numbers.count - 1_000) more") }
    page.raw("</p>\n")
  }

  private func counts(_ summary: AuditSummary, _ page: inout HTMLText) {
    page.raw(
      "<section id=\"counts\"><h2>Counts</h2>\n<p>\(summary.changeSets) change sets, \(summary.revisions) revisions of \(summary.documents.count) documents, \(summary.parts) changed parts.</p>\n"
    )
    for (title, counts) in [
      ("Action", summary.actions), ("Person", summary.people), ("Collection", summary.counts),
    ] where !counts.isEmpty {
      page.raw(
        "<table class=\"counts\"><thead><tr><th scope=\"col\">\(title)</th><th scope=\"col\">Count</th></tr></thead><tbody>"
      )
      for (name, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(1_000) {
        page.raw("<tr><td>")
        page.text(name)
        page.raw("</td><td>\(count)</td></tr>")
      }
      page.raw("</tbody></table>\n")
    }
    page.raw("</section>\n")
  }

  private func index(_ summary: AuditSummary, _ page: inout HTMLText) {
    page.raw("<section id=\"index\"><h2>Index of documents</h2>\n<ul class=\"index\">\n")
    for (path, numbers) in summary.documents.sorted(by: { $0.key < $1.key }).prefix(Self.listedDocuments) {
      page.raw("<li>")
      page.text(path.text)
      for number in numbers { page.raw(" <a href=\"#c\(number)\">\(number)</a>") }
      page.raw("</li>\n")
    }
    page.raw("</ul></section>\n")
  }

  private static let style = """
    body{font:14px/1.45 system-ui,sans-serif;color:#111;background:#fff;margin:2rem auto;max-width:75rem;padding:0 1rem}
    h1{font-size:1.6rem;margin:0}h2{font-size:1.2rem;margin:2rem 0 .5rem}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
    table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid #ccc;overflow-wrap:anywhere}
    table.counts{width:auto;display:inline-table;margin:0 2rem 1rem 0}
    table.changes{table-layout:fixed}.name{width:6rem}.who{width:16rem}.when{width:13rem}
    tbody[id]{border-top:2px solid #555}tr.change{background:#f3f5f7}tr.running{display:none}
    small{color:#444}code{font-size:.85em;overflow-wrap:anywhere}td{white-space:pre-line}
    del{background:#fde0dd;color:#7a0010}ins{background:#dff3df;color:#0b4a12;text-decoration:underline}
    .good{color:#0b4a12;font-weight:600}.bad{color:#7a0010;font-weight:600}
    ul.index{columns:2;padding-left:1.2rem}
    @page{size:A4 landscape;margin:14mm 12mm}
    @media print{body{font-size:9pt;margin:0;max-width:none;padding:0}a{color:inherit;text-decoration:none}
    thead{display:table-header-group}tr.running{display:table-row}tr{break-inside:avoid}tr.change{break-after:avoid}
    h2{break-after:avoid}section#changes{break-before:page}
    del,ins,tr.change{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
    """
}

/// HTML in the making: whatever is not our own goes through `text`.
private struct HTMLText {
  private(set) var bytes: [UInt8] = []

  /// Adds markup of our own.
  mutating func raw(_ markup: String) { bytes += markup.utf8 }

  /// Adds text from anywhere.
  ///
  /// Marks of HTML are escaped. Control characters and marks that turn the reading direction are shown by
  /// their number, so that no content can look like another.
  mutating func text(_ text: String) {
    var text = text
    text.withUTF8 { source in
      var index = 0
      while index < source.count {
        let byte = source[index]
        switch byte {
        case UInt8(ascii: "&"): bytes += "&amp;".utf8
        case UInt8(ascii: "<"): bytes += "&lt;".utf8
        case UInt8(ascii: ">"): bytes += "&gt;".utf8
        case UInt8(ascii: "\""): bytes += "&quot;".utf8
        case UInt8(ascii: "'"): bytes += "&#39;".utf8
        case 0x09, 0x0a, 0x20...0x7e: bytes.append(byte)
        case 0x00..<0x20, 0x7f: shown(UInt32(byte))
        case 0xc2 where index + 1 < source.count && source[index + 1] < 0xa0:
          shown(UInt32(source[index + 1]))
          index += 1
        case 0xd8 where index + 1 < source.count && source[index + 1] == 0x9c:
          shown(0x61c)
          index += 1
        case 0xe2 where index + 2 < source.count && Self.isMisleading(source[index + 1], source[index + 2]):
          shown(0x2000 | UInt32(source[index + 1] & 0x3f) << 6 | UInt32(source[index + 2] & 0x3f))
          index += 2
        default: bytes.append(byte)
        }
        index += 1
      }
    }
  }

  /// Adds text in an element of its own behind a line break.
  mutating func line(_ element: String, _ text: String) {
    raw("<br>")
    marked(element, text)
  }

  /// Adds text in an element.
  mutating func marked(_ element: String, _ text: String) {
    raw("<\(element)>")
    self.text(text)
    raw("</\(element)>")
  }

  /// Adds a named value on a line of its own.
  mutating func pair(_ name: String, _ value: String) {
    raw("<small>\(name)</small> ")
    text(value)
    raw("<br>")
  }

  /// Adds an item of a list.
  mutating func item(_ text: String) { marked("li", text) }

  private mutating func shown(_ scalar: UInt32) {
    let digits = String(scalar, radix: 16, uppercase: true)
    raw("<code>U+\(String(repeating: "0", count: max(0, 4 - digits.count)) + digits)</code>")
  }

  // U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069.
  private static func isMisleading(_ second: UInt8, _ third: UInt8) -> Bool {
    second == 0x80 && (third == 0x8e || third == 0x8f || (0xa8...0xae).contains(third))
      || second == 0x81 && (0xa6...0xa9).contains(third)
  }
}
