"""Marks a video file as generated, with a comment that players show and an XMP packet.

The XMP names the kind of source in IPTC terms (https://cv.iptc.org/newscodes/digitalsourcetype/), which editors and
platforms read. Signed C2PA claims would need the maker's certificate, so there are none.
"""

from uuid import UUID

COMMENT = "AI-generated: a puppet moved by a performer's pose (Everybody Dance Live). No camera picture is in it."
CONTAINER_METADATA = {"comment": COMMENT}

# "Composite", because what is behind the figure may be filmed.
_KIND = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
_XMP_UUID = UUID("be7acfcb-97a9-42e8-9c71-999491e3afac")  # XMP specification, part 3, on ISO base media files
_XMP = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmp:CreatorTool="Everybody Dance Live" Iptc4xmpExt:DigitalSourceType="{_KIND}">
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{COMMENT}</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""

_CONTENT = _XMP_UUID.bytes + _XMP.encode()
# Appended to a finished .mp4 as a separate box, which players skip.
XMP_BOX = (8 + len(_CONTENT)).to_bytes(4, "big") + b"uuid" + _CONTENT
