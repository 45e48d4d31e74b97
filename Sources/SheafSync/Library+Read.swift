extension Library { func refreshSearchIndex(activity: @escaping ActivitySink) async throws {} }
