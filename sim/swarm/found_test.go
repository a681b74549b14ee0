package swarm_test

import (
	"testing"

	"spreadable/sim/swarm"
)

// Failures that the swarm has found stay mended: a plan of each kind, and what was wrong.
func TestFailuresThatWereFoundStayMended(t *testing.T) {
	for _, found := range []struct{ plan, wrong string }{
		{"seed=382 nodes=10 faults=cut-off,boot-gone liars=claims-all:2", "a master vouched for a list in which it had discounted its backlink, and was banned"},
		{"seed=332 nodes=15 faults=slow-forever liars=claims-all:3", "a master with one banned slave was no master, and one witness acquitted a liar"},
		{"seed=178 nodes=17 faults=rolling-memory,hang liars=claims-all:3", "liars that moved kept views unsettled, and counted in full"},
		{"seed=349 nodes=9 faults=boot-gone liars=false-masters:1", "a master never audited its backlink"},
		{"seed=401 nodes=18 bootstrap=2 faults=loss liars=false-masters:3", "masters that do not exist passed an audit"},
		{"seed=910 nodes=36 bootstrap=2 faults=crashloop-memory,power-cut-memory,cut-off liars=phantoms:2", "a claim that could not be checked at first was never checked"},
		{"seed=912 nodes=11 faults=masters-gone liars=claims-all:2", "a captive knew no witness"},
		{"seed=1135 nodes=35 faults=kill,boot-restart-blank liars=false-masters:2", "a bootstrap node without data knew only a liar"},
		{"seed=249 nodes=20 faults=crashloop-blank,growth,rolling-memory liars=silent:2", "silent nodes were listed again at once, for ever"},
		{"seed=242 nodes=47 bootstrap=3 faults=slow,slow-forever", "a node tried the places last that it had lost"},
		{"seed=580 nodes=4 faults=restart-blank,mixed", "a doubt outlived the master that it was about"},
		{"seed=1149 nodes=5 faults=churn,boot-restart-blank liars=refuses:1", "all other nodes were slaves of a node's slaves, or refused it"},
		{"seed=2676 nodes=7 faults=slow-forever,masters-gone liars=silent:1", "a liar that answers pings was asked for a place for ever"},
		{"seed=751 nodes=14 faults=churn,masters-gone", "dead masters displaced addresses of living nodes"},
		{"seed=51349 nodes=14 bootstrap=2 faults=churn,masters-gone", "only a plain slave knew the other part"},
		{"seed=70081 nodes=36 faults=churn,masters-gone", "a slave that moved forgot its former group"},
		{"seed=70602 nodes=10 faults=churn,masters-gone", "a master forgot a slave of another network that introduced itself"},
		{"seed=70511 nodes=24 bootstrap=2 loss=0.002 faults=churn,masters-gone", "two networks had masters in common that were dead"},
		{"seed=70558 nodes=26 faults=churn,masters-gone", "a new address displaced the only one that led to the other part"},
		{"seed=70392 nodes=5 bootstrap=3 faults=churn,masters-gone", "a provider named three dead newcomers each time, and never itself"},
		{"seed=70569 nodes=7 bootstrap=2 faults=masters-gone liars=flapping:1", "each place that does not exist left a score"},
		{"seed=20976 nodes=24 bootstrap=2 loss=0.018 faults=kill", "two bootstrap nodes exchanged their roots for ever"},
		{"seed=500160 nodes=6 faults=churn,churn,kill", "a provider named dead newcomers, and not the living slaves of the only other master"},
		{"seed=507589 nodes=2 bootstrap=2 faults=slow", "two nodes left each other again and again, and waited longer each time"},
		{"seed=509611 nodes=35 faults=slow", "a node that had been slow avoided all masters for ever"},
		{"seed=805073 nodes=5 faults=partition,crashloop-blank liars=sizes:1", "a slave with bans kept what masters had told that were no longer in its list, and panicked"},
		{"seed=900204 nodes=5 faults=partition,slow,mass-join liars=phantoms:1", "a provider remembered slaves that a liar had named, and named them for ever"},
		{"seed=952307 nodes=13 faults=crashloop-memory,growth liars=claims-all:2", "a slave that had banned somebody never audited its backlink again"},
		{"seed=2000131 nodes=13 bootstrap=3 levels=3 loss=0.014 faults=cut-off,loss,loss", "heads of parts of a network that did not list each other never met"},
		{"seed=2000005 nodes=38 levels=3 loss=0.003 faults=crashloop-blank", "a founder that was alone founded its branch again and again"},
		{"seed=2000052 nodes=36 levels=3 faults=boot-restart-blank", "a node without slaves was the head for some masters of its branch"},
		{"seed=2000030 nodes=6 levels=3 faults=cut-off,growth", "a node that led no branch of level 1 was the head of one of level 2"},
		{"seed=2001145 nodes=4 levels=2 faults=boot-restart-memory,rolling-blank,churn", "a node waited for ever in a branch that its head had left"},
		{"seed=2001070 nodes=10 bootstrap=2 levels=2 faults=rolling-memory,masters-gone liars=faithless:2", "a head listed a former branch of its own for ever"},
		{"seed=3001302 nodes=8 levels=3 loss=0.015 faults=partition,mass-join,churn", "a former branch of a head was counted for ever beside the one that it leads"},
		{"seed=3002420 nodes=3 levels=3 faults=boot-restart-memory,crashloop-blank,rolling-memory", "a head that was alone below a branch of its own name founded its branch again and again"},
		{"seed=3001757 nodes=34 levels=2 faults=mixed,boot-gone", "a node never followed a head again that it alone had deposed"},
		{"seed=3002740 nodes=8 levels=3 faults=hang,crashloop-blank,boot-restart-blank", "a bootstrap node that was alone in a branch below the only one of the top asked nobody"},
		{"seed=3000769 nodes=21 levels=2 faults=boot-restart-blank,boot-gone", "a node was sent back to the branch that it led alone, because another had founded it"},
		{"seed=4001342 nodes=15 bootstrap=2 levels=3 faults=mass-join,boot-restart-memory", "nodes left a branch for ever, as those that place them counted them twice"},
		{"seed=4000387 nodes=7 levels=3 faults=rolling-blank", "heads of different parents checked each other's claims without end"},
		{"seed=4002504 nodes=26 bootstrap=3 levels=3 faults=mass-join,restart-blank,churn", "a head was deposed again and again for what it had once said"},
		{"seed=4003591 nodes=25 levels=3 faults=cut-off,boot-restart-blank,slow-forever", "a node that leads nothing was named as the head, and named another"},
		{"seed=3002798 nodes=58 levels=3 faults=restart-memory,power-cut-memory,boot-gone", "two nodes took each other for the head of their branch"},
		{"seed=4001565 nodes=10 bootstrap=2 levels=2 faults=boot-restart-memory,crashloop-blank", "newcomers were sent to branches that nobody had founded"},
		{"seed=4002293 nodes=2 levels=2 faults=crashloop-blank", "a newcomer was counted as often as it asked"},
		{"seed=4002027 nodes=5 bootstrap=2 levels=3 faults=mass-join,rolling-blank", "a founder left its branch when the first other node came"},
		{"seed=6003249 nodes=9 bootstrap=2 levels=3 loss=0.007 faults=churn,power-cut-blank", "a provider left its branch while a newcomer waited for its answer, and panicked"},
		{"seed=4002092 nodes=6 levels=3 loss=0.032 faults=kill,power-cut-memory,slow", "a head without siblings did not check what the head of another branch had told it"},
		{"seed=5001624 nodes=25 bootstrap=2 levels=2 faults=power-cut-memory,power-cut-blank liars=claims-all:1", "a liar kept a node in a branch that no other head lists"},
		{"seed=6000743 nodes=29 bootstrap=3 levels=2 faults=masters-gone", "a branch that was listed again passed for one that is gone"},
		{"seed=9003708 nodes=54 bootstrap=2 loss=0.049 faults=cut-off,churn,crashloop-memory liars=faithless:2", "nodes left their network because one answer of a bootstrap node was lost"},
		{"seed=5003389 nodes=50 levels=2 faults=hang liars=refuses:1", "a node that a liar kept alone founded one branch after another"},
		{"seed=8003434 nodes=50 levels=2 faults=kill,hang liars=flapping:2", "a founder that flapping liars had left founded branches that nobody needed"},
		{"seed=5003464 nodes=5 levels=3 faults=mass-join,none,power-cut-blank", "two branches of one name under two parents never met"},
		{"seed=12003504 nodes=10 bootstrap=3 levels=3 loss=0.002 faults=masters-gone", "two lonely nodes moved at the same time, each to where the other had been"},
		{"seed=11000276 nodes=26 levels=2 faults=loss,masters-gone liars=denies:1", "the only other node of a branch took a node and did not list it, for ever"},
		{"seed=14002488 nodes=43 levels=2 faults=mixed,power-cut-memory liars=denies:1", "a node left its slave, which did not list it, and came back each time"},
		{"seed=14001091 nodes=26 bootstrap=3 levels=3 faults=kill,crashloop-blank,slow-forever", "a head with slow neighbours had no time left for the head above, and took it for dead"},
		{"seed=16001044 nodes=52 levels=3 faults=none,growth,slow-forever", "a head of a large network had no time left for the head above"},
		{"seed=13000479 nodes=39 bootstrap=3 levels=2 faults=rolling-blank,slow liars=false-masters:1", "a node left the only other of its branch, a liar, which came back each time"},
		{"seed=5002971 nodes=261 levels=3 loss=0.038 faults=growth,restart-blank", "of two witnesses of a branch none answered too often, where messages are lost"},
		{"seed=12004404 nodes=14 bootstrap=3 faults=masters-gone", "the judge did not count what a node asks further bootstrap nodes"},
		{"seed=31000002 nodes=6 bootstrap=2 faults=slow-forever,masters-gone", "of three that were left two could not hear each other, and the judge did not see it"},
		{"seed=43001591 nodes=28 bootstrap=2 faults=mass-join,rolling-memory,cut-off", "a node that had been cut off doubted the only master with room at each attempt"},
		{"seed=43003265 nodes=49 bootstrap=2 levels=2 loss=0.004 faults=boot-restart-blank,boot-restart-blank,churn liars=renames:1", "a liar was the only slave of the only witness of a branch"},
		{"seed=43004616 nodes=267 bootstrap=2 levels=3 loss=0.007 faults=churn,hang,masters-gone", "the judge did not count a node that moves, as those do that place it"},
		{"seed=60004207 nodes=6 loss=0.039 faults=mixed,hang liars=ports:5", "one host had all masters but one, and then all"},
		{"seed=61003945 nodes=53 levels=2 faults=boot-restart-memory,masters-gone liars=renames:2", "one request made a liar the head of its branch, and a deposed one was followed again while all waited for another"},
		{"seed=61001756 nodes=47 levels=2 faults=mixed,mixed liars=renames:1", "nobody but a liar could confirm what an honest head said of a branch of two"},
		{"seed=61001853 nodes=28 levels=2 faults=mixed,masters-gone liars=claims-all:1", "a liar of another branch listed a node, which stayed alone in its own"},
		{"seed=62002154 nodes=10 levels=3 faults=crashloop-memory,boot-restart-blank,crashloop-memory", "the judge took a network for whole in which a node was about to choose another head, once it had settled"},
		{"seed=65002130 nodes=65 levels=2 faults=rolling-memory liars=renames:2", "nodes left two liars of one branch that named the network otherwise, and came back to them each time"},
		{"seed=70001953 nodes=28 levels=2 faults=mass-join,split", "all masters with room were slaves of a master that found no place"},
		{"seed=70007149 nodes=17 bootstrap=3 faults=growth,boot-restart-blank,restart-blank liars=ports:11", "masters that nobody lists kept their slaves, since their host had its places"},
		{"seed=72006575 nodes=44 bootstrap=3 levels=2 faults=churn liars=faithless:1", "a node that had to shed a slave took it back at once, for ever"},
		{"seed=73009293 nodes=14 bootstrap=3 levels=3 faults=restart-memory,churn", "the judge took the rounds in which a network has to stay whole off those that it has to become whole"},
		{"seed=741 nodes=6 bootstrap=2 faults=mass-join,partition,masters-gone", "all that knew each other were dead, and the judge did not see it"},
	} {
		plan, err := swarm.ParsePlan(found.plan)
		if err != nil {
			t.Fatal(err)
		}
		if failure := swarm.Run(plan, nil).Failure; failure != nil {
			t.Errorf("%s: %v; it was that %s", found.plan, failure, found.wrong)
		}
	}
}
