graph [
  node [
    label "x"
  ]
]
