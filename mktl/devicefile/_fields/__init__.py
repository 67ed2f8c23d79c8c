"""The inside of :mod:`mktl.devicefile.template`: kinds of fields, and how a template is read and matched.

``base`` says what a field can do. The kinds are in ``numbers``, ``text``, ``matching``, ``words``,
``sentinel``, ``binary``, ``digits``, ``bits``, ``block`` and ``compound``; ``codes`` and ``sums`` have the
arithmetic of signs and checksums. ``spec`` finds the kind for what stands after the colon, ``scan`` reads a
template into parts, ``layout`` makes one regular expression of them, ``extent`` knows their lengths.
``writing`` goes from values to bytes; ``departure`` and ``dissection`` say where a reply leaves the template.
"""
