"""The projection: what the log says, as tables.

`fold` is the pure function from events to a judgement's state, which the writers and the hub share, so that
what is streamed is what is stored. The tables are `submissions` (from `submissions.*`), `judgements` and
`test_results` (from `events`), and `log_positions`, how far the writers have come. `reads` and `writes` are
the only callers of their SQL.
"""
