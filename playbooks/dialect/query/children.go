package query

// Children are the expressions right inside an expression. Queries inside are not gone
// into.
func Children(x Expr) []Expr {
	var list []Expr
	add := func(parts ...Expr) {
		for _, part := range parts {
			if part != nil {
				list = append(list, part)
			}
		}
	}
	orders := func(orders []Order) {
		for _, o := range orders {
			add(o.Expr)
		}
	}
	switch x := x.(type) {
	case *Field:
		add(x.Of)
	case *Subscript:
		add(x.Of, x.Index)
	case *Unary:
		add(x.X)
	case *BinaryOp:
		add(x.L, x.R)
	case *Between:
		add(x.X, x.Low, x.Up)
	case *In:
		add(x.X)
		add(x.List...)
	case *Like:
		add(x.X, x.Pattern, x.Escape)
	case *IsNull:
		add(x.X)
	case *Quantified:
		add(x.X)
	case *Case:
		add(x.Operand)
		for _, when := range x.When {
			add(when.If, when.Then)
		}
		add(x.Else)
	case *Cast:
		add(x.X)
	case *Array:
		add(x.Items...)
	case *Row:
		add(x.Items...)
	case *Lambda:
		add(x.Body)
	case *Zone:
		add(x.X, x.Zone)
	case *Extract:
		add(x.X)
	case *Call:
		add(x.Args...)
		orders(x.OrderBy)
		orders(x.Within)
		add(x.Filter)
		if x.Over != nil {
			add(x.Over.PartitionBy...)
			orders(x.Over.OrderBy)
			if x.Over.Frame != nil {
				add(x.Over.Frame.Start.Expr, x.Over.Frame.End.Expr)
			}
		}
	}
	return list
}
