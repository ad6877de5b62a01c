using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Imports;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Simulation;
using Pleiad.Queueing.Solving;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Imports;

/// <summary>Shapes that other programs write and that change the answer: activities, forwarding, routers, weights, bursts.</summary>
public sealed class ImportShapesTests
{
    private const string Activities = """
        G "" 1e-06 50 5 0.9 -1
        P 3
          p users f i
          p cpu s 0
          p disk f
        -1
        T 3
          t user r user -1 users z 50 m 20
          t server n server -1 cpu m 4
          t disk n read write -1 disk i
        -1
        E 4
          s user 0 -1
          y user server 1 -1
          A server start
          s read 0.04 -1
          s write 0.07 -1
        -1
        A server
          s start 0.1
          s quick 0.2
          s side 0.05
          y side read 1.5
          s other 0.03
          s joined 0.01
          s slow 0.5
          s again 0.02
          y again write 2
          s inside 0.01
          s late 0.3
        :
          start -> (0.6)quick + (0.4)slow;
          quick -> side & other;
          side & other ->
            joined;
          joined[server];
          slow -> 2.5 * again, late;
          again -> inside;
          late[server]
        -1
        """;

    private const string ActivitiesXml = """
        <lqn-model name="same">
          <processor name="users" scheduling="inf"><task name="user" scheduling="ref" multiplicity="20" think-time="50"><entry name="user" type="PH1PH2"><entry-phase-activities>
            <activity name="user_1" phase="1" host-demand-mean="0"><synch-call dest="server" calls-mean="1"/></activity></entry-phase-activities></entry></task></processor>
          <processor name="cpu" scheduling="ps"><task name="server" scheduling="fcfs" multiplicity="4"><entry name="server" type="NONE"/><task-activities>
            <activity name="start" bound-to-entry="server" host-demand-mean="0.1"/><activity name="quick" host-demand-mean="0.2"/>
            <activity name="side" host-demand-mean="0.05"><synch-call dest="read" calls-mean="1.5"/></activity><activity name="other" host-demand-mean="0.03"/><activity name="joined" host-demand-mean="0.01"/>
            <activity name="slow" host-demand-mean="0.5"/><activity name="again" host-demand-mean="0.02"><synch-call dest="write" calls-mean="2"/></activity><activity name="inside" host-demand-mean="0.01"/><activity name="late" host-demand-mean="0.3"/>
            <precedence><pre><activity name="start"/></pre><post-OR><activity name="quick" prob="0.6"/><activity name="slow" prob="0.4"/></post-OR></precedence>
            <precedence><pre><activity name="quick"/></pre><post-AND><activity name="side"/><activity name="other"/></post-AND></precedence>
            <precedence><pre-AND><activity name="side"/><activity name="other"/></pre-AND><post><activity name="joined"/></post></precedence>
            <precedence><pre><activity name="slow"/></pre><post-LOOP end="late"><activity name="again" count="2.5"/></post-LOOP></precedence>
            <precedence><pre><activity name="again"/></pre><post><activity name="inside"/></post></precedence>
            <reply-entry name="server"><reply-activity name="joined"/><reply-activity name="late"/></reply-entry></task-activities></task></processor>
          <processor name="disk" scheduling="fcfs"><task name="disk" scheduling="inf">
            <entry name="read" type="PH1PH2"><entry-phase-activities><activity name="r" phase="1" host-demand-mean="0.04"/></entry-phase-activities></entry>
            <entry name="write" type="PH1PH2"><entry-phase-activities><activity name="w" phase="1" host-demand-mean="0.07"/></entry-phase-activities></entry></task></processor>
        </lqn-model>
        """;

    [Fact]
    public void Activities_of_a_task_become_its_work_and_its_calls_in_both_forms()
    {
        var (text, xml) = (ModelReader.Read(Activities, "same.lqn"), ModelReader.Read(ActivitiesXml, "same.lqnx"));
        var (model, server, disk) = (text.Model, text.Model.Stations[0], text.Model.Stations[1]);

        ModelWriter.Json(model).ShouldBe(ModelWriter.Json(xml.Model));
        server.Service[0]!.Mean.ShouldBe(0.1 + (0.6 * (0.2 + 0.05 + 0.03 + 0.01)) + (0.4 * (0.5 + (2.5 * 0.03) + 0.3)), 1e-9);
        model.TotalVisits()[0, 1].ShouldBe((0.6 * 1.5) + (0.4 * 2.5 * 2), 1e-9);
        disk.Service[0]!.Mean.ShouldBe(((0.9 * 0.04) + (2 * 0.07)) / 2.9, 1e-9);
        text.NotUnderstood.ShouldContain(line => line.Contains("side by side", StringComparison.Ordinal));
        text.NotUnderstood.ShouldNotContain(line => line.Contains("left out", StringComparison.Ordinal));
    }

    /// <summary>As another program writes its simplest layered model: activities only, customers that work on a processor of their own. By hand a closed network with a delay.</summary>
    [Fact]
    public void A_layered_network_of_single_activities_has_the_answer_of_the_closed_network_that_it_is()
    {
        var model = ModelReader.Read("""
            <lqn-model name="ClientDBSystem">
               <processor name="ClientProcessor" multiplicity="1" scheduling="ps" speed-factor="1"><task name="ClientTask" multiplicity="10" scheduling="ref" think-time="5.0"><entry name="ClientEntry" type="NONE"/>
                  <task-activities><activity bound-to-entry="ClientEntry" call-order="STOCHASTIC" host-demand-cvsq="1" host-demand-mean="1.0" name="ClientActivity"><synch-call calls-mean="2.5" dest="DBEntry"/></activity></task-activities></task></processor>
               <processor name="DBProcessor" multiplicity="1" scheduling="ps" speed-factor="1"><task name="DBTask" scheduling="inf"><entry name="DBEntry" type="NONE"/>
                  <task-activities><activity bound-to-entry="DBEntry" call-order="STOCHASTIC" host-demand-cvsq="1" host-demand-mean="0.8" name="DBActivity"/><reply-entry name="DBEntry"><reply-activity name="DBActivity"/></reply-entry></task-activities></task></processor>
            </lqn-model>
            """, "client.lqnx").Model;
        var solution = ModelSolver.Solve(model, SolutionMethod.Exact, new SimulationOptions(), TestContext.Current.CancellationToken);

        // Mean value analysis with demands 1 and 2 and 5 s of thinking.
        var (client, database, rate) = (0.0, 0.0, 0.0);
        for (var n = 1; n <= 10; n++)
        {
            rate = n / (5 + (1 + client) + (2 * (1 + database)));
            (client, database) = (rate * (1 + client), rate * 2 * (1 + database));
        }

        solution.System.Throughput.ShouldBeNear(rate, 1e-9);
        solution.At("DBTask").QueueLength.ShouldBeNear(database, 1e-9);
    }

    [Fact]
    public void Who_calls_waits_for_those_to_whom_the_request_is_handed_on()
    {
        const string text = """
            G "" 1e-06 50 5 0.9 -1
            P 4
              p u f i
              p a f
              p b f
              p c f
            -1
            T 4
              t user r user -1 u z 3 m 4
              t first n first -1 a
              t second n second -1 b
              t third n third -1 c
            -1
            E 4
              s user 0 -1
              y user first 2 -1
              s first 0.1 -1
              F first second 0.5 -1
              s second 0.2 -1
              F second third 0.25 -1
              s third 0.4 -1
            -1
            """;
        var imported = ModelReader.Read(text, "on.lqn");

        imported.NotUnderstood.ShouldBeEmpty();
        Enumerable.Range(0, 3).Select(k => imported.Model.TotalVisits()[0, k]).ShouldBe([2, 1, 0.25], 1e-9);
        imported.Model.Stations.ShouldAllBe(station => station.Calls[0].Count == 0);
        Should.Throw<DocumentException>(() => ModelReader.Read(text.Replace("s third", "F third second 1 -1\n  s third", StringComparison.Ordinal).Replace("second third 0.25", "second third 1", StringComparison.Ordinal), "circle.lqn")).Message.ShouldContain("circle");
    }

    [Theory]
    [InlineData("start -> (0.6)quick + (0.4)nobody", "nobody")]
    [InlineData("start -> quick; quick -> start", "circle")]
    [InlineData("start => quick", "is not understood")]
    public void Activities_that_cannot_be_used_are_refused(string order, string reason)
    {
        var text = $"P 2\np u f i\np c f\n-1\nT 2\nt user r user -1 u m 2\nt server n server -1 c\n-1\nE 2\ns user 1 -1\ny user server 1 -1\nA server start\n-1\nA server\ns start 1\ns quick 1\n:\n{order}\n-1\n";

        Should.Throw<DocumentException>(() => ModelReader.Read(text, "bad.lqn")).Message.ShouldContain(reason);
    }

    /// <summary>Weights of 2 and 3 to a router and a logger, which take no time, one of which leads on with 1 and 3.</summary>
    [Fact]
    public void Routers_loggers_and_weights_of_JMT_are_ways_without_time()
    {
        var imported = ModelReader.Read(Jsimg(Times("Exponential", ("lambda", "0.5")), $"""
            <node name="Way"><section className="Queue"/><section className="ServiceTunnel"/>{Weights(("Queue", "1"), ("Sink", "3"))}</node>
            <node name="Log"><section className="Queue"/><section className="LogTunnel"/>{Weights(("Sink", "1"))}</node>
            """, Weights(("Way", "2"), ("Log", "3")), "Server", "TailStrategy", Times("Coxian", ("lambda0", "4"), ("lambda1", "2"), ("phi0", "0.25"))), "ways.jsimg");

        imported.Model.Stations.ShouldHaveSingleItem().Service[0]!.Mean.ShouldBe(0.25 + (0.75 / 2), 1e-9);
        imported.Model.TotalVisits()[0, 0].ShouldBe(1 / (1 - (0.4 * 0.25)), 1e-9);
        imported.NotUnderstood.ShouldBe([
            "node Queue, class C: probabilities with a sum of 5 are divided by it, as JMT does",
            "node Way, class C: probabilities with a sum of 4 are divided by it, as JMT does"]);
    }

    [Fact]
    public void Bursts_phases_and_interrupting_servers_of_JMT_are_understood()
    {
        var phases = $"""<subParameter classPath="jmt.engine.NetStrategies.ServiceStrategies.ServiceTimeStrategy" name="ServiceTimeStrategy"><subParameter classPath="jmt.engine.random.PhaseTypeDistr" name="Phase-Type"/><subParameter classPath="jmt.engine.random.PhaseTypePar" name="distrPar">{Array("alpha", ["1.0", "0.0"])}{Array("T", ["-3.0", "2.0"], ["0.0", "-4.0"])}</subParameter></subParameter>""";
        var imported = ModelReader.Read(Jsimg(Times("Burst (MMPP2)", ("lambda0", "0.2"), ("lambda1", "2.0"), ("sigma0", "0.1"), ("sigma1", "0.3")), "", Weights(("Sink", "1")), "PreemptiveServer", "LCFSPRStrategy", phases), "bursts.jsimg");

        imported.NotUnderstood.ShouldBeEmpty();
        imported.Model.Classes[0].Arrivals.ShouldBeOfType<MarkovianArrivals>().RatePerSecond.ShouldBe(((0.2 * 0.3) + (2 * 0.1)) / 0.4, 1e-9);
        imported.Model.Stations[0].Discipline.ShouldBe(Discipline.LcfsPr);
        imported.Model.Stations[0].Service[0].ShouldBeOfType<PhaseType>().Mean.ShouldBe((1.0 / 3) + (2.0 / 3 / 4), 1e-9);

        static string Array(string name, params string[][] rows) =>
            $"""<subParameter array="true" classPath="java.lang.Object" name="{name}">{string.Concat(rows.Select(row => $"""<subParameter array="true" classPath="java.lang.Object" name="vector">{string.Concat(row.Select(entry => $"""<subParameter classPath="java.lang.Double" name="entry"><value>{entry}</value></subParameter>"""))}</subParameter>"""))}</subParameter>""";
    }

    /// <summary>One closed and one open class, a delay, one server, and a station three times as quick with three customers; the same network as a model file.</summary>
    [Fact]
    public void A_model_of_JMT_s_analysis_has_the_answer_of_the_same_model_file()
    {
        var imported = ModelReader.Read($"""
            <model><parameters>
              <classes number="2"><closedclass name="c" population="6"/><openclass name="o" rate="0.3"/></classes>
              <stations number="3">
                {Mva("delaystation", "Z", "4", "1", "0", "0")}
                {Mva("listation", "Cpu", "0.5", "2", "0.4", "1")}
                {Mva("ldstation", "Ld", "1;0.5;0.25", "1", "0", "0")}
              </stations></parameters></model>
            """, "network.jmva");
        var found = ModelSolver.Solve(imported.Model, SolutionMethod.Exact, new SimulationOptions(), TestContext.Current.CancellationToken);
        var wanted = Solve.Exact("""
            classes: [{ name: c, population: 6, thinkTime: 4s }, { name: o, rate: 0.3 }]
            stations:
              - { name: Cpu, discipline: ps, visits: { c: 2, o: 1 }, service: { c: { exponential: 500ms }, o: { exponential: 400ms } } }
              - { name: Ld, discipline: ps, speed: [1, 2, 4], visits: { c: 1, o: 0 }, service: { c: { exponential: 1s } } }
            """);

        imported.NotUnderstood.ShouldBeEmpty();
        found.System.Of("c").Throughput.ShouldBeNear(wanted.System.Of("c").Throughput.Value, 1e-9);
        found.At("Ld").QueueLength.ShouldBeNear(wanted.At("Ld").QueueLength.Value, 1e-9);
        found.At("Cpu").Of("o").ResponseTime.ShouldBeNear(wanted.At("Cpu").Of("o").ResponseTime.Value, 1e-9);
        Should.Throw<DocumentException>(() => ModelReader.Read("<model/>", "empty.jmva")).Message.ShouldContain("no model of JMT's analysis");

        static string Mva(string kind, string name, string time, string visits, string openTime, string openVisits) =>
            $"""<{kind} name="{name}"><servicetimes><servicetime customerclass="c">{time}</servicetime><servicetime customerclass="o">{openTime}</servicetime></servicetimes><visits><visit customerclass="c">{visits}</visit><visit customerclass="o">{openVisits}</visit></visits></{kind}>""";
    }

    private static string Jsimg(string arrivals, string nodes, string routing, string server, string order, string service) => $"""
        <archive name="t.jsimg"><sim name="t.jsimg">
          <userClass name="C" priority="0" referenceSource="Source" type="open"/>
          <node name="Source"><section className="RandomSource">{Strategies(arrivals)}</section><section className="ServiceTunnel"/>{Weights(("Queue", "1"))}</node>
          <node name="Queue"><section className="Queue"><parameter array="true" classPath="jmt.engine.NetStrategies.QueuePutStrategy" name="QueuePutStrategy"><refClass>C</refClass><subParameter classPath="jmt.engine.NetStrategies.QueuePutStrategies.{order}" name="{order}"/></parameter></section>
            <section className="{server}"><parameter classPath="java.lang.Integer" name="maxJobs"><value>1</value></parameter>{Strategies(service)}</section>{routing}</node>
          {nodes}
          <node name="Sink"><section className="JobSink"/></node>
        </sim></archive>
        """;

    private static string Strategies(string times) => $"""<parameter array="true" classPath="jmt.engine.NetStrategies.ServiceStrategy" name="ServiceStrategy"><refClass>C</refClass>{times}</parameter>""";

    private static string Times(string kind, params (string Name, string Value)[] parameters) =>
        $"""<subParameter classPath="jmt.engine.NetStrategies.ServiceStrategies.ServiceTimeStrategy" name="ServiceTimeStrategy"><subParameter classPath="jmt.engine.random.Any" name="{kind}"/><subParameter classPath="jmt.engine.random.AnyPar" name="distrPar">{string.Concat(parameters.Select(each => $"""<subParameter classPath="java.lang.Double" name="{each.Name}"><value>{each.Value}</value></subParameter>"""))}</subParameter></subParameter>""";

    private static string Weights(params (string Node, string Weight)[] entries) =>
        $"""<section className="Router"><parameter array="true" classPath="jmt.engine.NetStrategies.RoutingStrategy" name="RoutingStrategy"><refClass>C</refClass><subParameter classPath="jmt.engine.NetStrategies.RoutingStrategies.EmpiricalStrategy" name="Probabilities"><subParameter array="true" classPath="jmt.engine.random.EmpiricalEntry" name="EmpiricalEntryArray">{string.Concat(entries.Select(each => $"""<subParameter classPath="jmt.engine.random.EmpiricalEntry" name="EmpiricalEntry"><subParameter classPath="java.lang.String" name="stationName"><value>{each.Node}</value></subParameter><subParameter classPath="java.lang.Double" name="probability"><value>{each.Weight}</value></subParameter></subParameter>"""))}</subParameter></subParameter></parameter></section>""";
}
