"""Previewing: what each filter does to a record, shown without storing anything.

`samples` makes records as tracked calls would leave them, `rehearsal` the filters, `tracing` watches one record pass
through them. Prints nothing and creates nothing; the command `privacy preview` shows what comes out.
"""
