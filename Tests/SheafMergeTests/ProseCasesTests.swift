import SheafMerge
import SheafModel
import SheafTesting
import Testing

/// The hard cases of prose, each with its outcome: read as the specification of `Schemas/merge.md`.
@Suite("Prose cases")
struct ProseCasesTests {
  private static func merged(_ base: String, _ ours: String, _ theirs: String) -> MergeOutcome {
    ProseTriple.merged(Array(base.utf8), Array(ours.utf8), Array(theirs.utf8))
  }

  /// "clean: TEXT", "look (REASONS): TEXT" or "conflict (REASONS): TEXT AS SHOWN"; both orders of the sides agree.
  private static func told(_ base: String, _ ours: String, _ theirs: String) -> String {
    func text(_ bytes: [UInt8]?) -> String {
      bytes.map { String(decoding: $0, as: UTF8.self) } ?? "(deleted)"
    }
    func verdict(_ outcome: MergeOutcome) -> String {
      let reasons = outcome.parts.map(\.reason).joined(separator: "; ")
      return switch outcome {
      case .clean(let merged): "clean: " + text(merged.bytes)
      case .proposed(let merged, _): "look (\(reasons)): " + text(merged.bytes)
      case .conflict: "conflict (\(reasons))"
      }
    }
    let outcome = merged(base, ours, theirs)
    #expect(verdict(outcome) == verdict(merged(base, theirs, ours)), "the order of the sides decides")
    if case .conflict(let parts) = outcome {
      return verdict(outcome) + ": " + text(parts.content(taking: []))
    }
    return verdict(outcome)
  }

  @Test("Sentences of different blocks that adjoin merge")
  func adjoiningBlocks() {
    #expect(
      Self.told(
        "- Wash hands.\n- Wear gloves.\n", "- Wash both hands.\n- Wear gloves.\n",
        "- Wash hands.\n- Wear new gloves.\n")
        == "clean: - Wash both hands.\n- Wear new gloves.\n")
  }

  @Test("A clash of lines that together are longer than 4 MiB is not looked into")
  func enormousLine() {
    // Each full stop between letters would be words of its own, at far more memory than its bytes.
    let body = [UInt8](repeating: UInt8(ascii: "."), count: (4 << 20) / 3)
    let outcome = ProseTriple.merged(
      body + [10], Array("one ".utf8) + body + [10], body + Array(" two\n".utf8))
    guard case .conflict(let parts) = outcome, let part = parts.parts.first else {
      Issue.record("it was looked into")
      return
    }
    #expect(part.reason == "both sides changed these lines, which are too long to be looked into")
    #expect(part.ours.map { $0.starts(with: Array("one ".utf8)) } == true)
  }

  @Test("Different sentences of one paragraph are put together for a look")
  func sentences() {
    #expect(
      Self.told(
        "Wash hands. Wear gloves. Close the door.\n", "Wash both hands. Wear gloves. Close the door.\n",
        "Wash hands. Wear gloves. Close that door.\n")
        == "look (both sides edited here, in different sentences): Wash both hands. Wear gloves. Close that door.\n"
    )
  }

  @Test("Different words of one sentence are put together for a look, the same words are a conflict")
  func words() {
    let base = "Give the child one small tablet with water.\n"
    #expect(
      Self.told(
        base, "Give the child one white tablet with water.\n", "Give the child one small tablet with milk.\n")
        == "look (both sides edited this, in different words): Give the child one white tablet with milk.\n")
    guard
      case .conflict(let parts) = Self.merged(
        base, base.replacing("one", with: "two"), base.replacing("one", with: "three"))
    else {
      Issue.record("two doses were put together")
      return
    }
    #expect(parts.parts.map(\.severity) == [.blocked])
    #expect(parts.content(takingOfAll: .theirs) == Array(base.replacing("one", with: "three").utf8))
  }

  @Test("A rewrite is proposed over a touch-up of the same words")
  func rewrite() {
    #expect(
      Self.told(
        "Call us when the red lamp is on.\n",
        "Phone the night desk as soon as you see any red light at all.\n",
        "Call us if the red lamp is on.\n")
        == "look (one side rewrote what the other touched up): Phone the night desk as soon as you see any red light at all.\n"
    )
  }

  @Test("A side that made the other's edits and more has its way")
  func contained() {
    #expect(
      Self.told("The pump is loud and old.\n", "The pump is quiet and new.\n", "The pump is quiet and old.\n")
        == "clean: The pump is quiet and new.\n")
  }

  @Test("Both insert at one place: both are proposed, in an order that does not depend on the sides")
  func bothInsert() {
    #expect(
      Self.told("# Lamps\n", "# Lamps\n\nThe red one means stop.\n", "# Lamps\n\nNever look into a laser.\n")
        == "look (both sides added text here): # Lamps\n\nNever look into a laser.\n\nThe red one means stop.\n"
    )
  }

  @Test("Both insert nearly the same paragraph: a conflict of the two, not both")
  func nearlySame() {
    let (ours, theirs) = (
      "Keep the vaccine between two and eight degrees.", "Keep the vaccine between two and six degrees."
    )
    #expect(
      Self.told("# Store\n", "# Store\n\n\(ours)\n", "# Store\n\n\(theirs)\n")
        == "conflict (both sides added nearly the same text here): # Store\n\n\(ours)\n")
    #expect(
      Self.told("# Store\n", "# Store\n\n\(ours)\n", "# Store\n\n\(ours)\n\nAway from light.\n").hasPrefix(
        "look"))
  }

  @Test("Two paragraphs that each side adds do not interleave at the blank lines")
  func interleaving() {
    let told = Self.told(
      "# A\n", "# A\n\nKeep it dry.\n\nAnd cool.\n", "# A\n\nOpen on Monday only.\n\nUse within one week.\n")
    #expect(
      told
        == "look (both sides added text here): # A\n\nKeep it dry.\n\nAnd cool.\n\nOpen on Monday only.\n\nUse within one week.\n"
    )
  }

  @Test("A paragraph that both sides added beside another edit stands once")
  func addedOnce() {
    #expect(
      Self.told("One two three.\n\nEnd.\n", "One two.\n\nNew.\n\nEnd.\n", "One two three.\n\nNew.\n\nEnd.\n")
        == "clean: One two.\n\nNew.\n\nEnd.\n")
  }

  @Test("Deleting a paragraph against editing it asks, and everybody sees the first until then")
  func deleteAgainstEdit() {
    let base = "# A\n\nTake one a day.\n\nKeep it dry.\n"
    #expect(
      Self.told(base, "# A\n\nKeep it dry.\n", "# A\n\nTake two a day.\n\nKeep it dry.\n").hasPrefix(
        "conflict (one side removed this and the other changed it)"))
  }

  @Test("Whole-file reflow against an edit: the words of the edit, in the new lines")
  func reflow() {
    let base = "The first thing to do is to wash\nyour hands with soap. Then you\ndry them well.\n"
    let ours = "The first thing to do is to wash your hands\nwith soap. Then you dry them well.\n"
    let theirs = "The first thing to do is to wash\nboth your hands with soap. Then you\ndry them well.\n"
    #expect(
      Self.told(base, ours, theirs)
        == "clean: The first thing to do is to wash\nboth your hands with soap. Then you dry them well.\n")
  }

  @Test("A paragraph split in two against an edit in its other half keeps both")
  func split() {
    let base = "Alpha beta gamma. Delta epsilon zeta.\n"
    #expect(
      Self.told(base, "Alpha beta gamma.\n\nDelta epsilon zeta.\n", "Alpha beta gamma. Delta epsilon eta.\n")
        == "clean: Alpha beta gamma.\n\nDelta epsilon eta.\n")
    #expect(
      Self.told(
        "Alpha beta gamma.\n\nDelta epsilon zeta.\n", base, "Alpha beta gamma.\n\nDelta epsilon eta.\n")
        == "clean: Alpha beta gamma. Delta epsilon eta.\n")
  }

  @Test("A sentence split in two against an edit of it asks")
  func splitSentence() {
    #expect(
      !Self.told(
        "Take the red pill and drink a glass of water.\n", "Take the red pill. Drink a glass of water.\n",
        "Take the blue pill and drink two glasses of water.\n"
      ).hasPrefix("clean"))
  }

  @Test("A section moved here and edited there is proposed at its new place with the edit")
  func movedAndEdited() {
    let base = "# One\n\nFirst text.\n\n# Two\n\nSecond text.\n\n# Three\n\nThird text.\n"
    let moved = "# Two\n\nSecond text.\n\n# Three\n\nThird text.\n\n# One\n\nFirst text.\n"
    let edited = base.replacing("First text.", with: "First new text.")
    #expect(
      Self.told(base, moved, edited)
        == "look (one side moved a section and the other changed it): "
        + moved.replacing("First text.", with: "First new text."))
    // Two edits of the same words clash wherever the section stands.
    let told = Self.told(base, moved.replacing("First text.", with: "First old text."), edited)
    #expect(told.hasPrefix("conflict (one side removed this and the other changed it)"))
  }

  @Test("Sections reordered on both sides are not clean unless they were reordered alike")
  func reordered() {
    let (a, b, c) = ("# A\n\nAlpha.\n\n", "# B\n\nBeta.\n\n", "# C\n\nGamma.\n\n")
    #expect(Self.told(a + b + c, b + a + c, b + a + c) == "clean: " + b + a + c)
  }

  @Test("Repeated lines do not draw an edit to the wrong one")
  func repeated() {
    #expect(
      Self.told(
        "- Yes.\n- No.\n- Yes.\n- No.\n- Yes.\n", "- Yes.\n- No.\n- Yes!\n- No.\n- Yes.\n",
        "- Yes.\n- No.\n- Yes.\n- No.\n- Yes.\n- No.\n")
        == "clean: - Yes.\n- No.\n- Yes!\n- No.\n- Yes.\n- No.\n")
  }

  @Test("A list renumbered here and edited there merges: the numbers say no more than the order")
  func renumbered() {
    #expect(
      Self.told(
        "1. Open the lid.\n2. Fill the tank.\n3. Close the lid.\n",
        "1. Switch it off.\n2. Open the lid.\n3. Fill the tank.\n4. Close the lid.\n",
        "1. Open the lid.\n2. Fill the whole tank.\n3. Close the lid.\n")
        == "clean: 1. Switch it off.\n2. Open the lid.\n3. Fill the whole tank.\n4. Close the lid.\n")
  }

  @Test("Items that both sides add to an ordered list come out with the numbers in order")
  func bothNumber() {
    let base = "1. Open.\n2. Fill.\n3. Close.\n"
    #expect(
      Self.told(
        base, "1. Switch off.\n2. Open.\n3. Fill.\n4. Close.\n", "1. Open.\n2. Fill.\n3. Close.\n4. Clean.\n")
        == "clean: 1. Switch off.\n2. Open.\n3. Fill.\n4. Close.\n5. Clean.\n")
    // At one place both are proposed, in order.
    #expect(
      Self.told(
        base, "1. Open.\n2. Look inside with a lamp.\n3. Fill.\n4. Close.\n",
        "1. Open.\n2. Call somebody who knows.\n3. Fill.\n4. Close.\n")
        == "look (both sides added text here): "
        + "1. Open.\n2. Call somebody who knows.\n3. Look inside with a lamp.\n4. Fill.\n5. Close.\n")
    // Numbers that are no order are left alone, and so is a list whose items are all number one.
    #expect(
      Self.told("7. a\n3. b\n", "7. a\n3. b\n9. c\n", "7. x\n3. b\n") == "clean: 7. x\n3. b\n9. c\n")
    #expect(
      Self.told("1. Open.\n1. Fill.\n", "1. Open it.\n1. Fill.\n", "1. Open.\n1. Fill it.\n")
        == "clean: 1. Open it.\n1. Fill it.\n")
  }

  @Test("Numbers that somebody put out of order stay as they are, whatever the other side does to the list")
  func deliberateNumbers() {
    let base = "1. Open.\n2. Fill.\n3. Close.\n"
    // Somebody means step 5; the other side goes on counting, which must not make a 3 of it.
    let look = "look (both sides edited here, in different sentences): "
    #expect(
      Self.told(base, "1. Open.\n2. Fill.\n5. Close.\n", "1. Open.\n2. Fill.\n3. Close.\n4. Clean.\n")
        == look + "1. Open.\n2. Fill.\n5. Close.\n4. Clean.\n")
    // The same where base had the gap, and one side closed it while the other counted on from it.
    #expect(
      Self.told(
        "1. Open.\n2. Fill.\n5. Close.\n", base, "1. Open.\n2. Fill.\n5. Close.\n6. Clean.\n")
        == look + "1. Open.\n2. Fill.\n3. Close.\n6. Clean.\n")
    // An item above the gap renumbers what it stood before: which number is right now is for a person.
    #expect(
      Self.told(
        base, "1. Open.\n2. Fill.\n5. Close.\n", "1. Switch off.\n2. Open.\n3. Fill.\n4. Close.\n"
      )
      .hasPrefix("conflict"))
    // Another list of the same text that is in order is put in order all the same.
    #expect(
      Self.told(
        base + "\nThen:\n\n1. Rest.\n3. Go.\n",
        "1. Switch off.\n2. Open.\n3. Fill.\n4. Close.\n\nThen:\n\n1. Rest.\n3. Go.\n",
        base + "4. Clean.\n\nThen:\n\n1. Rest.\n3. Go.\n")
        == "clean: 1. Switch off.\n2. Open.\n3. Fill.\n4. Close.\n5. Clean.\n\nThen:\n\n1. Rest.\n3. Go.\n")
  }

  @Test("A merged list is numbered from the start, and by the step, that one side gave it")
  func startAndStep() {
    let base = "1. Open.\n2. Fill.\n3. Close.\n"
    #expect(
      Self.told(
        base, "5. Open.\n6. Fill.\n7. Close.\n", "1. Switch off.\n2. Open.\n3. Fill.\n4. Close.\n")
        == "clean: 5. Switch off.\n6. Open.\n7. Fill.\n8. Close.\n")
    #expect(
      Self.told(
        base, "1. Open.\n1. Fill.\n1. Close.\n", "1. Open.\n2. Fill.\n3. Close.\n4. Clean.\n")
        == "clean: 1. Open.\n1. Fill.\n1. Close.\n1. Clean.\n")
  }

  @Test("A table column added here against a row edited there asks for a look")
  func column() {
    #expect(
      Self.told(
        "| a | b |\n|---|---|\n| 1 | 2 |\n", "| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |\n",
        "| a | b |\n|---|---|\n| 1 | 5 |\n"
      )
      .hasPrefix("look"))
  }

  @Test("Rows of a table that adjoin merge")
  func rows() {
    #expect(
      Self.told("| a | 1 |\n| b | 2 |\n", "| a | 3 |\n| b | 2 |\n", "| a | 1 |\n| b | 4 |\n")
        == "clean: | a | 3 |\n| b | 4 |\n")
  }

  @Test("Scripts without spaces merge by sentence and character")
  func withoutSpaces() {
    #expect(
      Self.told("每日服用两次。饭后服用。\n", "每日服用三次。饭后服用。\n", "每日服用两次。饭前服用。\n")
        == "look (both sides edited here, in different sentences): 每日服用三次。饭前服用。\n")
    #expect(
      Self.told("朝と夜に一錠ずつ飲む。\n", "朝と夜に二錠ずつ飲む。\n", "朝と昼に一錠ずつ飲む。\n")
        == "look (both sides edited this, in different words): 朝と昼に二錠ずつ飲む。\n")
  }

  @Test("Abbreviations, initials and decimals end no sentence")
  func abbreviations() {
    // Edits of one sentence: had it ended behind "e.g." or "Dr.", the reason would be another.
    #expect(
      Self.told(
        "Ask Dr. Ng for 2.5 mg of it, e.g. Monday morning.\n",
        "Ask Dr. Ng for 7.5 mg of it, e.g. Monday morning.\n",
        "Ask Dr. Ng for 2.5 mg of it, e.g. Friday morning.\n")
        == "look (both sides edited this, in different words): Ask Dr. Ng for 7.5 mg of it, e.g. Friday morning.\n"
    )
  }

  @Test("Line ends changed on every line give way to an edit, and come along with it")
  func lineEnds() {
    #expect(
      Self.told("One.\nTwo.\nThree.\n", "One.\r\nTwo.\r\nThree.\r\n", "One.\nTwo!\nThree.\n")
        == "clean: One.\r\nTwo!\r\nThree.\r\n")
  }

  @Test("A byte-order mark that one side added stays beside the other's edit")
  func byteOrderMark() {
    #expect(
      Self.told("One.\n\nTwo.\n", "\u{feff}One.\n\nTwo.\n", "One.\n\nTwo!\n")
        == "clean: \u{feff}One.\n\nTwo!\n")
  }

  @Test("Two Unicode forms of one word are two spellings: nobody's bytes are changed unseen")
  func unicodeForms() {
    #expect(
      Self.told("The caf\u{e9} is small.\n", "The cafe\u{301} is small.\n", "The caf\u{e9} is large.\n")
        == "look (both sides edited this, in different words): The cafe\u{301} is large.\n")
  }

  @Test("Code keeps its indentation: a line indented here and edited there asks")
  func code() {
    #expect(
      Self.told("```\nif x:\nrun(a)\n```\n", "```\nif x:\n  run(a)\n```\n", "```\nif x:\nrun(b)\n```\n")
        == "look (both sides edited this, in different words): ```\nif x:\n  run(b)\n```\n")
  }

  @Test("Both sides took the same edit back: they agree")
  func bothRevert() {
    #expect(Self.told("New text.\n", "Old text.\n", "Old text.\n") == "clean: Old text.\n")
  }

  @Test("One author on two devices who typed the same ends with it once")
  func twoDevices() {
    #expect(
      Self.told("# A\n\nOne.\n", "# A\n\nOne.\n\nTyped twice.\n", "# A\n\nOne.\n\nTyped twice.\n\nAnd on.\n")
        == "look (both sides added nearly the same text here): # A\n\nOne.\n\nTyped twice.\n\nAnd on.\n")
  }
}
