"""A QR code as a drawing. Only importer of segno."""

import segno

BORDER = 4  # modules of light around it, which readers need (ISO/IEC 18004, 6.3.8)


def drawing(text: str) -> str:
    """Return inline SVG of a code, as strong against smudges as its size allows.

    :param text: at most 2953 bytes
    :raises ValueError: when it is longer than any code
    """
    code = segno.make(text, micro=False, error="l")
    return code.svg_inline(border=BORDER, omitsize=True, dark="#000", light="#fff")
