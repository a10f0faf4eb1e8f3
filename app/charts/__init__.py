"""Charts of reports: Vega-Lite specifications made by altair, drawn as PNG by vl-convert (docs/decisions/0015).

Importing this room takes half a second and drawing starts a JavaScript engine, so a report imports it only inside
``produce()``, in its own process, once charts are asked for. Everything is aggregated by numpy first: a specification
grows with what is shown, never with what was observed. Names are values of the data, never names of its fields, in
which Vega would read dots and brackets.
"""
