/// What a content is like, in a few numbers: two contents that share much text share some of them.
///
/// Every run of 12 bytes gets a hash; the hashes fall into 32 classes, and the least of each
/// class is kept. Whether two contents agree in a class is as likely as a run of one, picked at
/// random among those of both, stands in both (one-permutation min-hashing: P. Li, A. Owen and
/// C.-H. Zhang, "One Permutation Hashing", 2012). The same bytes give the same sketch everywhere.
///
/// The least of every four classes are what an index finds a content by: few, and enough to come upon what is alike.
/// All of them tell which of several is most alike.
public struct SimilaritySketch: Hashable, Sendable {
  /// How many numbers an index keeps of a sketch at most.
  public static let classCount = 8
  /// How many numbers a sketch has.
  public static let fineClassCount = 32
  /// Smaller contents have no sketch: a base would save less than it takes to name one.
  public static let smallestContent = 128
  /// Larger contents are not worth the look, for whoever has many to sketch.
  public static let largestContent = 4 << 20
  private static let runSize = 12

  /// The least numbers of every four classes; each tells its place too, so that one index holds them all.
  public let values: [UInt32]
  /// The classes' numbers, `UInt32.max` where a class has none.
  private let fine: [UInt32]

  /// Sketches a content.
  ///
  /// - Complexity: Linear in its size, about a nanosecond a byte.
  public init(_ content: [UInt8]) {
    guard content.count >= Self.smallestContent else {
      (values, fine) = ([], [])
      return
    }
    var least = [UInt32](repeating: .max, count: Self.fineClassCount)
    content.withUnsafeBytes { bytes in
      least.withUnsafeMutableBufferPointer { least in
        for offset in 0...(bytes.count - Self.runSize) {
          let low = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
          let high = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt32.self))
          var hash = (low ^ UInt64(high) &* 0x9e37_79b9_7f4a_7c15) &* 0xd6e8_feb8_6659_fd93
          hash = (hash ^ hash >> 32) &* 0xd6e8_feb8_6659_fd93
          let place = Int(truncatingIfNeeded: hash >> 59)
          let value = UInt32(truncatingIfNeeded: hash >> 32)
          if value < least[place] { least[place] = value }
        }
      }
    }
    fine = least
    let joined = Self.fineClassCount / Self.classCount
    values = (0..<Self.classCount).compactMap { place in
      least[place * joined..<(place + 1) * joined].min().flatMap { $0 == .max ? nil : $0 }
    }
  }

  /// In how many of the classes two contents agree: 0 to 32.
  public func likeness(to other: SimilaritySketch) -> Int {
    zip(fine, other.fine).reduce(0) { $0 + ($1.0 == $1.1 && $1.0 != .max ? 1 : 0) }
  }
}

/// Finds the content most like another among those that it was told of.
///
/// Holds the last `capacity` contents told, and of contents that share a number the last eight.
public struct SimilarityIndex<Name: Hashable & Sendable>: Sendable {
  private let capacity: Int
  private var names: [Name?] = []
  private var sketches: [SimilaritySketch] = []
  private var first = 0
  private var places: [UInt32: [Int]] = [:]
  private static var mostPlaces: Int { 8 }

  /// An index that has been told of nothing.
  public init(capacity: Int = 16_384) { self.capacity = max(1, capacity) }

  /// Takes note of a content.
  public mutating func add(_ name: Name, _ sketch: SimilaritySketch) {
    guard !sketch.values.isEmpty else { return }
    let place = first + names.count
    names.append(name)
    sketches.append(sketch)
    for value in sketch.values {
      places[value, default: []].append(place)
      if let count = places[value]?.count, count > Self.mostPlaces { places[value]?.removeFirst() }
    }
    if names.count >= 2 * capacity { forget(names.count - capacity) }
  }

  /// The names of the contents that share a number with one, and how like they are: the most and then the newest first.
  public func matches(_ sketch: SimilaritySketch) -> [(name: Name, likeness: Int)] {
    Set(sketch.values.flatMap { places[$0] ?? [] })
      .map { (place: $0, likeness: sketches[$0 - first].likeness(to: sketch)) }
      .sorted { ($0.likeness, $0.place) > ($1.likeness, $1.place) }
      .compactMap { place, likeness in names[place - first].map { ($0, likeness) } }
  }

  private mutating func forget(_ count: Int) {
    for (offset, sketch) in sketches.prefix(count).enumerated() {
      for value in sketch.values {
        places[value]?.removeAll { $0 == first + offset }
        if places[value]?.isEmpty == true { places[value] = nil }
      }
    }
    names.removeFirst(count)
    sketches.removeFirst(count)
    first += count
  }
}
