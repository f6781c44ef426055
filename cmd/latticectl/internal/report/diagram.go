package report

import "fmt"

// The measures of the diagram, in the units of its viewBox.
const (
	diagramWidth = 900
	columnWidth  = 300 // callers on the left, applications on the right
	bandX        = 375 // the service network between them
	bandWidth    = 150
	boxHead      = 78 // VPC, cluster and stack
	chipHeight   = 40
	chipGap      = 8
	boxGap       = 18
	boxPad       = 14
	headline     = 34
)

// diagram is the picture of the topology: every cluster twice, with its
// applications as callers and as those that are called, and VPC Lattice between.
type diagram struct {
	Width, Height, BandX, BandWidth, BandHeight int
	Left, Right                                 []box
	Edges                                       []edge
	Allowed, Refused                            int
	SameCIDR                                    string // of all VPCs, if they have the same
}

type box struct {
	Cluster
	X, Y, Width, Height int
	Chips               []chip
}

type chip struct {
	Application
	X, Y, Width, Height int
}

// edge is a call. A refused one is crossed out where VPC Lattice refuses it.
type edge struct {
	Path, From, To string
	Allowed        bool
	Unexpected     bool
	CrossX, CrossY float64
}

func draw(t Topology, matrix []Row) diagram {
	d := diagram{Width: diagramWidth, BandX: bandX, BandWidth: bandWidth}
	y := headline
	for i, c := range t.Clusters {
		if i == 0 {
			d.SameCIDR = c.CIDR
		} else if c.CIDR != d.SameCIDR {
			d.SameCIDR = ""
		}
		height := boxHead + boxPad + max(1, len(c.Applications))*(chipHeight+chipGap)
		d.Left = append(d.Left, newBox(c, 1, y, height))
		d.Right = append(d.Right, newBox(c, diagramWidth-columnWidth-1, y, height))
		y += height + boxGap
	}
	if len(t.Clusters) < 2 {
		d.SameCIDR = ""
	}
	d.Height = y
	d.BandHeight = y - boxGap - headline
	for _, left := range d.Left {
		for _, from := range left.Chips {
			for _, right := range d.Right {
				for _, to := range right.Chips {
					if row := callOf(matrix, left.Cluster, from.Application, to.Application); row != nil {
						d.add(newEdge(from, to, row))
					}
				}
			}
		}
	}
	return d
}

func newBox(c Cluster, x, y, height int) box {
	b := box{Cluster: c, X: x, Y: y, Width: columnWidth, Height: height}
	for i, a := range c.Applications {
		b.Chips = append(b.Chips, chip{
			Application: a, X: x + boxPad, Y: y + boxHead + i*(chipHeight+chipGap), Width: columnWidth - 2*boxPad, Height: chipHeight,
		})
	}
	return b
}

func (d *diagram) add(e edge) {
	if e.Allowed {
		d.Allowed++
	} else {
		d.Refused++
	}
	d.Edges = append(d.Edges, e)
}

func newEdge(from, to chip, row *Row) edge {
	// A level line to the band, a curve within it, a level line from there: so
	// that the calls of many applications stay apart.
	x1, y1 := float64(from.X+from.Width), float64(from.Y)+chipHeight/2
	x2, y2 := float64(to.X), float64(to.Y)+chipHeight/2
	half := (x1 + x2) / 2
	const quarter = 0.25 // where on the curve a refusal is drawn: at the band's near side
	e := edge{
		Path: fmt.Sprintf("M%g %g C%g %g %g %g %g %g", x1, y1, half, y1, half, y2, x2-6, y2),
		From: from.Name, To: to.Name, Allowed: row.Got == Allow, Unexpected: row.Got != row.Expect,
	}
	e.CrossX, e.CrossY = onCurve(quarter, x1, half, half, x2), onCurve(quarter, y1, y1, y2, y2)
	return e
}

// onCurve is a coordinate of the cubic Bézier curve at t.
func onCurve(t, p0, p1, p2, p3 float64) float64 {
	u := 1 - t
	return u*u*u*p0 + 3*u*u*t*p1 + 3*u*t*t*p2 + t*t*t*p3
}
