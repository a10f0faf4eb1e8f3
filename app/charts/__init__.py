"""Charts of reports: Vega-Lite specifications made by altair, drawn as PNG by vl-convert (docs/decisions/0015).

Importing this package takes half a second and drawing starts a JavaScript engine, so a report imports it only inside
``produce()``, in its own process, if charts are requested. Everything is aggregated by numpy first: a specification
grows with what is shown, never with the number of observations. Names are values of the data, never field names, in
which Vega would read dots and brackets.
"""
