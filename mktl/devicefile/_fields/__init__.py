"""The inside of :mod:`mktl.devicefile.template`: kinds of fields, and how a template is read and matched.

``base`` says what a field can do; ``numbers``, ``text``, ``words``, ``binary``, ``checksums`` and
``compound`` are the kinds there are; ``spec`` finds the kind for what stands after the colon; ``scan`` reads
a template into parts, ``layout`` makes one regular expression of them, ``departure`` says where a reply
leaves it.
"""
