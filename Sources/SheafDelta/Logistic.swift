/// Probabilities and their logarithmic odds, in whole numbers (`Schemas/coder.md`, "Odds").
enum Logistic {
  /// Probabilities of 65,536 at odds from -8 to 8 in steps of a half.
  private static let knots: [Int32] = [
    22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768,
    40793, 47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500,
    65514,
  ]

  /// For odds from -2048 to 2047, in 256ths: the probability of 65,536.
  static let squash: [UInt16] = (-2048..<2048).map { odds in
    let place = Int32(odds + 2048)
    let (knot, rest) = (Int(place >> 7), place & 127)
    return UInt16((knots[knot] * (128 - rest) + knots[knot + 1] * rest + 64) >> 7)
  }

  /// For probabilities of 4096: the odds in 256ths, from -2047 to 2047.
  static let stretch: [Int16] = {
    var table = [Int16](repeating: 2047, count: 4096)
    var next = 0
    for odds in -2047..<2048 {
      let probability = Int(squash[odds + 2048]) >> 4
      while next <= probability {
        table[next] = Int16(odds)
        next += 1
      }
    }
    return table
  }()
}
