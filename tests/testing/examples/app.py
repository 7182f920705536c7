from curio_tracking import feature_tracker, track_feature


@track_feature("parse")
def parse(text="abc"):
    return text


@track_feature("load", "file_operation")
def load(path="x"):
    raise FileNotFoundError(path)


@track_feature("export_pdf")
def export_pdf():
    return b""


def records():
    assert feature_tracker.flush(60)
    return feature_tracker.records()
