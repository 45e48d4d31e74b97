import Foundation
import SheafModel
import Testing

@testable import SheafMerge

@Suite("Patterns of schemas")
struct SchemaPatternTests {
  static let found: [(pattern: String, text: String, isFound: Bool)] = [
    ("^a+$", "aaa", true), ("^a+$", "aab", false), ("b", "abc", true), ("", "", true), ("^$", "a", false),
    ("^(ab|c)*$", "abcab", true), ("^(?:ab|c){2,3}$", "abc", true), ("^(?:ab|c){2,3}$", "ab", false),
    ("^a{2}$", "aaa", false), ("^a{2,}$", "aaa", true), ("^[^a-c]$", "d", true), ("^[a\\-z]+$", "a-z", true),
    ("^\\d\\D\\w\\W\\s\\S$", "1ab- x", true), ("^\\d$", "੧", false), ("\\bcat\\b", "a cat sat", true),
    ("\\bcat\\b", "concat", false), ("^\\p{L}+$", "Ünïcødé", true), ("^\\p{Lu}$", "a", false),
    ("^\\u00e9\\x41\\u{1F600}$", "éA😀", true), ("^\\uD83D\\uDE00$", "😀", true), ("^.$", "\n", false),
    ("^(?<year>[0-9]{4})$", "2024", true), ("a*?b", "aab", true), ("^[\\w.]+@x$", "a.b@x", true),
    ("^\\cI$", "\t", true), ("\\s", "\u{feff}", true), ("^{$", "{", true), ("^((a*)*)*$", "aaaa", true),
  ]

  @Test("Patterns match as ECMA-262 says", arguments: found)
  func matches(pattern: String, text: String, isFound: Bool) throws {
    #expect(try SchemaPattern(parsing: pattern).isFound(in: text) == isFound)
  }

  @Test(
    "A pattern that is none or not regular is refused",
    arguments: [
      "a(", "a)", "[a", "*a", "(?=a)", "(?!a)", "(?<=a)b", "(a)\\1", "\\q", "[b-a]", "a{3,2}", "\\p{Nope}",
      "\\u12", "a\\", "(a{1000}){1000}", "\\k<a>", String(repeating: "(", count: 200),
    ])
  func refused(pattern: String) { #expect(SchemaPattern(pattern) == nil) }

  @Test("No pattern takes longer than the text and its states, whatever it repeats")
  func bounded() throws {
    let text = String(repeating: "a", count: 20_000) + "!"
    for pattern in ["(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*x"] {
      let elapsed = ContinuousClock().measure { _ = SchemaPattern(pattern)?.isFound(in: text) }
      #expect(elapsed < .seconds(5))
    }
    let long = String(repeating: "a", count: 1_000_000)
    #expect(try SchemaPattern(parsing: "^(a{400})+$").isFound(in: long) == nil)
  }
}
