/// The search for the revision that a conflict is about: the nearest from which its heads descend.
///
/// Rows are numbered in the log's order, so that a revision's parents have lesser rows. Each start paints what it
/// descends from, from the greatest row down: when a row's turn comes, all that descends from it had theirs, and what
/// it is painted with is final. So no row is read below the last one that still has to be told apart, however long the
/// history is.
struct NearestAncestor {
  /// The parents of a row; asked once for each row.
  private let parents: (Int64) throws -> [Int64]
  private var known: [Int64: [Int64]] = [:]

  init(parents: @escaping (Int64) throws -> [Int64]) { self.parents = parents }

  /// The nearest common ancestor of some revisions, each being its own; where several are nearest, that of these.
  ///
  /// - Returns: `nil` when they share none.
  mutating func ofAll(_ revisions: [Int64]) throws -> Int64? {
    var nearest = revisions
    repeat { nearest = try shared(by: nearest) } while nearest.count > 1
    return nearest.first
  }

  /// How a row is painted.
  private struct Paint {
    /// The starts that descend from it, by their indexes.
    var starts: Set<Int> = []
    /// Whether a revision that all starts descend from descends from it.
    var isFarther = false
  }

  /// The common ancestors that are no ancestors of another one.
  private mutating func shared(by starts: [Int64]) throws -> [Int64] {
    var paints: [Int64: Paint] = [:]
    // Those whose turn has not come, in ascending order.
    var waiting: [Int64] = []
    // How many of these may still lead to a nearest one.
    var openCount = 0
    func paint(_ row: Int64, _ change: (inout Paint) -> Void) {
      if paints[row] == nil {
        paints[row] = Paint()
        openCount += 1
        var (low, high) = (0, waiting.count)
        while low < high {
          let middle = (low + high) / 2
          if waiting[middle] < row { low = middle + 1 } else { high = middle }
        }
        waiting.insert(row, at: low)
      }
      guard var paint = paints[row] else { return }
      let wasFarther = paint.isFarther
      change(&paint)
      if paint.isFarther, !wasFarther { openCount -= 1 }
      paints[row] = paint
    }
    for (index, row) in starts.enumerated() { paint(row) { $0.starts.insert(index) } }
    var nearest: [Int64] = []
    while openCount > 0, let row = waiting.popLast(), let painted = paints.removeValue(forKey: row) {
      if !painted.isFarther { openCount -= 1 }
      let isCommon = painted.starts.count == starts.count
      if isCommon, !painted.isFarther { nearest.append(row) }
      for parent in try above(row) where parent < row {
        paint(parent) {
          $0.starts.formUnion(painted.starts)
          if isCommon || painted.isFarther { $0.isFarther = true }
        }
      }
    }
    return nearest.reversed()
  }

  private mutating func above(_ row: Int64) throws -> [Int64] {
    if let rows = known[row] { return rows }
    let rows = try parents(row)
    known[row] = rows
    return rows
  }
}
