"""croissant.json of a mix: what machines read of it (Croissant 1.1, with RAI and provenance).

Source: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html, and GeoCroissant for what
is known of the ground. Nested columns are fields with sub-fields, each taken out of its column by a
JSON path. Corners of oriented boxes are eight numbers, since `cr:BoundingBox` has four.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from pipelines.card.licences import UNSTATED, front_matter
from pipelines.card.summary import Summary
from pipelines.result import File

VERSIONS = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
_SHARDS = "shards"
# Name and meaning of each column; of a nested one also its fields: name, type, meaning.
_COLUMNS: list[tuple[str, str, str]] = [
    ("id", "sc:Text", "hash of dataset, split, native key, pictures, task and text"),
    ("task", "sc:Text", "what is asked"),
    ("dataset", "sc:Text", "the source, by its slug in earthmix's catalogue"),
    ("split", "sc:Text", "the authors' own split"),
    ("text_origin", "sc:Text", "who wrote the answer: human, template or model"),
    ("dialect", "sc:Text", "how boxes are written in the text"),
    ("template", "sc:Text", "the wording of the request"),
    ("gsd", "sc:Float", "metres a pixel of the first picture"),
    ("lon", "sc:Float", "degrees east of the middle of the first picture, WGS 84"),
    ("lat", "sc:Float", "degrees north of the middle of the first picture, WGS 84"),
    ("sensor", "sc:Text", "sensor of the first picture"),
    ("license_annotations", "sc:Text", "licence of the annotations, as their authors state it"),
    ("license_images", "sc:Text", "licence of the pictures, as their authors state it"),
]
_NESTED: list[tuple[str, str, bool, list[tuple[str, str, str]]]] = [
    (
        "images",
        "pictures in time order",
        True,
        [("bytes", "sc:Text", "the file; null in path mode"), ("path", "sc:Text", "its path")],
    ),
    (
        "conversations",
        "turns; <image> stands once for each picture",
        True,
        [("from", "sc:Text", "human, gpt or system"), ("value", "sc:Text", "what is said")],
    ),
    (
        "regions",
        "regions in pixels, from 0, y down; x2 and y2 lie just beyond (half-open)",
        True,
        [
            ("image", "sc:Integer", "index of the picture"),
            ("label", "sc:Text", "class as its authors write it"),
            ("shape", "sc:Text", "box, obb, polygon or mask"),
            ("bbox", "sc:Float", "x1, y1, x2, y2"),
            ("points", "sc:Float", "corners x, y in turn; eight numbers for an oriented box"),
            ("counts", "sc:Integer", "a mask's run lengths, down the columns, zeros first"),
            ("phrase", "sc:Text", "the words of the text that name the region"),
        ],
    ),
    (
        "sizes",
        "sizes of the pictures",
        True,
        [("width", "sc:Integer", "pixels"), ("height", "sc:Integer", "pixels")],
    ),
    (
        "scene",
        "the scene that a tile was cut from",
        False,
        [
            ("path", "sc:Text", "its path"),
            ("x", "sc:Integer", "offset of the tile"),
            ("y", "sc:Integer", "offset of the tile"),
            ("width", "sc:Integer", "of the scene"),
            ("height", "sc:Integer", "of the scene"),
        ],
    ),
    (
        "origin",
        "the native record",
        False,
        [("file", "sc:Text", "native file"), ("key", "sc:Text", "the record's key in it")],
    ),
]
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "geocr": "http://mlcommons.org/croissant/geo/",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(summary: Summary, files: Sequence[File]) -> bytes:
    """The file's bytes. files: those of the output whose hashes are known."""
    page: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": VERSIONS,
        "name": summary["name"],
        "description": summary["description"] or f"A mix made by earthmix {summary['version']}.",
        "version": f"1.0.0+{summary.get('content', 'unknown')}",
        "license": _licences(summary),
        "inLanguage": ["en", *(["zh"] if summary.get("spread", {}).get("chinese") else [])],
        "keywords": ["remote sensing", "vision-language", "instruction tuning", "earthmix"],
        "isLiveDataset": False,
        "distribution": [*_files(files), _file_set()],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "rows", "name": "rows", "field": _fields()}],
        "prov:wasDerivedFrom": [*_sources(summary)],
        **_responsible(summary),
    }
    if cited := [d["citation"] for _, d in sorted(summary["datasets"].items()) if d["citation"]]:
        page["citeAs"] = "\n\n".join(cited)
    if gsd := summary.get("spread", {}).get("gsd"):
        bins = [int(number) for some in gsd.values() for number in some]
        low, high = 2.0 ** min(bins), 2.0 ** (max(bins) + 1)
        page["geocr:spatialResolution"] = f"{low:g} to {high:g} m"
    return msgspec.json.format(msgspec.json.encode(page), indent=2) + b"\n"


def _licences(summary: Summary) -> list[str]:
    stated = {
        part
        for dataset in summary["datasets"].values()
        for part in (dataset["licence"]["annotations"], dataset["licence"]["images"])
        if part != UNSTATED
    }
    return sorted(stated) or [front_matter(summary["datasets"])["license"]]


def _files(files: Sequence[File]) -> Iterator[dict[str, Any]]:
    for file in sorted(files):
        yield {
            "@type": "cr:FileObject",
            "@id": file.path,
            "name": file.path,
            "contentUrl": file.path,
            "contentSize": f"{file.size} B",
            "encodingFormat": "application/x-parquet",
            "sha256": file.sha256,
        }


def _file_set() -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": _SHARDS,
        "name": _SHARDS,
        "includes": "data/*.parquet",
        "encodingFormat": "application/x-parquet",
    }


def _fields() -> list[dict[str, Any]]:
    plain = [_field(name, kind, about, _source(name)) for name, kind, about in _COLUMNS]
    hashes = _field("image_sha256", "sc:Text", "hash of each picture", _source("image_sha256"))
    times = _field("times", "sc:Text", "dates of the pictures", _source("times"))
    for field in (hashes, times):
        field |= {"isArray": True, "arrayShape": "-1"}
    nested = []
    for name, about, repeated, inner in _NESTED:
        field = _field(name, "sc:StructuredValue", about, _source(name))
        field["subField"] = [
            _field(f"{name}/{part}", kind, said, _source(name, f"[*].{part}" if repeated else part))
            | ({"isArray": True, "arrayShape": "-1"} if repeated else {})
            for part, kind, said in inner
        ]
        nested.append(field)
    return [*plain, hashes, times, *nested]


def _field(name: str, kind: str, about: str, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"rows/{name}",
        "name": name.rpartition("/")[2],
        "description": about,
        "dataType": kind,
        "source": source,
    }


def _source(column: str, path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"fileSet": {"@id": _SHARDS}, "extract": {"column": column}}
    return found | ({"transform": {"jsonPath": path}} if path else {})


def _sources(summary: Summary) -> Iterator[dict[str, Any]]:
    """What the mix was derived from."""
    for slug, dataset in sorted(summary["datasets"].items()):
        about: dict[str, Any] = {
            "@type": "prov:Entity",
            "@id": dataset["home"] or f"urn:earthmix:{slug}",
            "name": dataset["name"],
            "license": [dataset["licence"]["annotations"], dataset["licence"]["images"]],
        }
        yield about | ({"url": dataset["home"]} if dataset["home"] else {})


def _responsible(summary: Summary) -> dict[str, Any]:
    """Croissant RAI: how the data came about, and what they are not fit for."""
    origins = ", ".join(f"{origin} {n}" for origin, n in sorted(summary["text_origin"].items()))
    return {
        "rai:dataCollection": "Published remote-sensing datasets, converted by earthmix; "
        "no picture was taken and no person was asked for this mix.",
        "rai:dataCollectionType": ["Secondary Data Analysis"],
        "rai:dataPreprocessingProtocol": [
            f"Built by: {summary['rebuild']}",
            "Boxes are clipped to their pictures, exact duplicates dropped; card.json counts what "
            "was dropped and repaired, and rejects/ holds every dropped record.",
        ],
        "rai:dataAnnotationProtocol": f"Who wrote the answers, in rows: {origins}.",
        "rai:dataLimitations": [
            "Errors of the sources' annotations are carried over.",
            *(f"Left out: {line}" for line in summary["left_out"]),
        ],
    }
