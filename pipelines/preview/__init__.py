"""A page to look at: OUT/preview/index.html, and single rows in the terminal.

`page.write_preview` makes the page: `sample` picks rows, `rejects` picks rejects, `rows` says what
the page needs of them, `outlines` and `thumbnails` make what is drawn. The page's own parts are
`page.html.j2`, `style.css`, `draw.js`, `viewer.js` and `page.js`; they are put into the one file.
"""
