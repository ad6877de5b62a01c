using Pleiad.Distributions;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Imports;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Simulation;
using Pleiad.Queueing.Solving;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Imports;

public sealed class ImportTests
{
    private const string Lqn = """
        G "three layers" 0.0001 500 1 0.5 -1
        P 3
          p client i
          p web s 0.1
          p disk f m 2
        -1
        T 3
          t users r cycle -1 client z 2 m 10
          t server n serve -1 web m 4
          t store n read write -1 disk i
        -1
        E 4
          s cycle 0 -1
          s serve 0.05 -1
          s read 0.02 -1
          s write 0.08 0.01 -1
          y cycle serve 1 -1
          y serve read 2 -1
          y serve write 0.5 -1
          z serve write 0.1 -1
        -1
        """;

    private const string Lqnx = """
        <?xml version="1.0"?>
        <lqn-model name="same">
          <solver-params conv_val="1e-5"/>
          <processor name="client" scheduling="inf"><task name="users" scheduling="ref" multiplicity="10" think-time="2">
            <entry name="cycle" type="PH1PH2"><entry-phase-activities><activity name="a" phase="1" host-demand-mean="0"><synch-call dest="serve" calls-mean="1"/></activity></entry-phase-activities></entry></task></processor>
          <processor name="web" scheduling="ps"><task name="server" scheduling="fcfs" multiplicity="4">
            <entry name="serve" type="PH1PH2"><entry-phase-activities><activity name="b" phase="1" host-demand-mean="0.05"><synch-call dest="read" calls-mean="2"/><synch-call dest="write" calls-mean="0.5"/><asynch-call dest="write" calls-mean="0.1"/></activity></entry-phase-activities></entry></task></processor>
          <processor name="disk" scheduling="fcfs" multiplicity="2"><task name="store" scheduling="inf">
            <entry name="read" type="PH1PH2"><entry-phase-activities><activity name="c" phase="1" host-demand-mean="0.02"/></entry-phase-activities></entry>
            <entry name="write" type="PH1PH2"><entry-phase-activities><activity name="d" phase="1" host-demand-mean="0.08"/><activity name="e" phase="2" host-demand-mean="0.01"/></entry-phase-activities></entry></task></processor>
        </lqn-model>
        """;

    private static readonly string Jsimg = $"""
        <?xml version="1.0" encoding="UTF-8"?>
        <archive name="test.jsimg"><sim name="test.jsimg">
          <userClass name="C" priority="0" referenceSource="Source" type="open"/>
          <node name="Source"><section className="RandomSource"><parameter array="true" classPath="jmt.engine.NetStrategies.ServiceStrategy" name="ServiceStrategy"><refClass>C</refClass>{Times("Exponential", ("lambda", "0.5"))}</parameter></section>
            <section className="ServiceTunnel"/>{Router("Random")}</node>
          <node name="Queue"><section className="Queue"><parameter classPath="java.lang.Integer" name="size"><value>-1</value></parameter></section>
            <section className="Server"><parameter classPath="java.lang.Integer" name="maxJobs"><value>2</value></parameter><parameter array="true" classPath="jmt.engine.NetStrategies.ServiceStrategy" name="ServiceStrategy"><refClass>C</refClass>{Times("Erlang", ("alpha", "2.0"), ("r", "3"))}</parameter></section>
            {Router("Probabilities")}</node>
          <node name="Lan"><section className="Queue"/><section className="Delay"><parameter array="true" classPath="jmt.engine.NetStrategies.ServiceStrategy" name="ServiceStrategy"><refClass>C</refClass>{Times("Deterministic", ("t", "0.25"))}</parameter></section>{Router("Random")}</node>
          <node name="Sink"><section className="JobSink"/></node>
          <connection source="Source" target="Queue"/><connection source="Queue" target="Lan"/><connection source="Queue" target="Sink"/><connection source="Lan" target="Queue"/>
          <blockingRegion name="Region"/>
        </sim></archive>
        """;

    [Fact]
    public void Both_forms_of_a_layered_network_give_the_same_model()
    {
        var (text, xml) = (ModelReader.Read(Lqn, "same.lqn"), ModelReader.Read(Lqnx, "same.lqnx"));

        ModelWriter.Json(text.Model).ShouldBe(ModelWriter.Json(xml.Model));
        var model = text.Model;
        model.Classes.Single().ShouldSatisfyAllConditions(each => each.Population.ShouldBe(10), each => each.ThinkTime.Mean.ShouldBe(2));
        var (server, store) = (model.Stations[0], model.Stations[1]);
        (server.Name, server.Threads, server.Discipline, server.Servers).ShouldBe(("server", 4, Discipline.Ps, 1));
        (store.Name, store.Threads, store.Discipline, store.Servers).ShouldBe(("store", null, Discipline.Fcfs, 2));
        model.TotalVisits()[0, 1].ShouldBe(2.5, 1e-9);
        store.Service[0]!.Mean.ShouldBe(((2 * 0.02) + (0.5 * 0.09)) / 2.5, 1e-9);
        foreach (var imported in new[] { text, xml })
        {
            imported.NotUnderstood.ShouldContain(line => line.Contains("second phase of entry write"));
            imported.NotUnderstood.ShouldContain(line => line.Contains("async", StringComparison.OrdinalIgnoreCase));
            imported.NotUnderstood.ShouldContain(line => line.Contains("2 entries are mixed"));
        }

        var solution = ModelSolver.Solve(model, SolutionMethod.Simulate, new SimulationOptions { Accuracy = 0.02 }, TestContext.Current.CancellationToken);
        solution.System.Throughput.ShouldBeNear(10 / (2 + solution.System.ResponseTime.Value), 0.02);
    }

    [Fact]
    public void A_quicker_processor_does_the_same_work_sooner_and_replicas_are_told_of()
    {
        var text = ModelReader.Read(Lqn.Replace("p web s 0.1", "p web s 0.1 R 2", StringComparison.Ordinal).Replace("-1 web m 4", "-1 web m 4 r 3", StringComparison.Ordinal), "quick.lqn");
        var xml = ModelReader.Read(Lqnx.Replace("name=\"web\" scheduling=\"ps\"", "name=\"web\" scheduling=\"ps\" speed-factor=\"2\"", StringComparison.Ordinal).Replace("multiplicity=\"4\"", "multiplicity=\"4\" replication=\"3\"", StringComparison.Ordinal), "quick.lqnx");

        foreach (var imported in new[] { text, xml })
        {
            imported.Model.Stations[0].Service[0]!.Mean.ShouldBe(0.025, 1e-12);
            imported.NotUnderstood.ShouldContain(line => line.Contains("3 replicas of server", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_model_of_JMT_becomes_the_same_network()
    {
        var imported = ModelReader.Read(Jsimg, "test.jsimg");
        var model = imported.Model;

        model.Classes[0].Arrivals!.RatePerSecond.ShouldBe(0.5, 1e-12);
        model.Stations.Select(station => station.Name).ShouldBe(["Queue", "Lan"]);
        model.Stations[0].Servers.ShouldBe(2);
        model.Stations[0].Service[0].ShouldBeOfType<Erlang>().Mean.ShouldBe(1.5, 1e-9);
        model.Stations[1].Discipline.ShouldBe(Discipline.Delay);
        model.Stations[0].Visits[0].ShouldBe(1 / 0.75, 1e-9);
        imported.NotUnderstood.ShouldHaveSingleItem().ShouldContain("capacity region");
    }

    [Theory]
    [InlineData("x.jsimg", "<archive><sim><node name='F'><section className='Fork'/></node></sim></archive>", "Fork")]
    [InlineData("x.jsimg", "<archive", "is no XML")]
    [InlineData("x.lqnx", "<other/>", "is no layered queueing network")]
    [InlineData("x.lqn", "hello", "begins no section")]
    [InlineData("x.lqn", "T 1\nt a r e -1 nowhere\n-1\nE 1\ns e 1 -1\n-1", "processor that is not there")]
    [InlineData("x.lqnx", "<!DOCTYPE a [<!ENTITY b 'c'>]><lqn-model/>", "is no XML")]
    public void What_cannot_be_used_is_refused(string name, string text, string reason) =>
        Should.Throw<DocumentException>(() => ModelReader.Read(text, name)).Message.ShouldContain(reason);

    private static string Times(string kind, params (string Name, string Value)[] parameters) =>
        $"""<subParameter classPath="jmt.engine.NetStrategies.ServiceStrategies.ServiceTimeStrategy" name="ServiceTimeStrategy"><subParameter classPath="jmt.engine.random.{kind}" name="{kind}"/><subParameter classPath="jmt.engine.random.{kind}Par" name="distrPar">{string.Concat(parameters.Select(each => $"""<subParameter classPath="java.lang.Double" name="{each.Name}"><value>{each.Value}</value></subParameter>"""))}</subParameter></subParameter>""";

    private static string Router(string kind) =>
        $"""<section className="Router"><parameter array="true" classPath="jmt.engine.NetStrategies.RoutingStrategy" name="RoutingStrategy"><refClass>C</refClass>{(kind == "Random"
            ? """<subParameter classPath="jmt.engine.NetStrategies.RoutingStrategies.RandomStrategy" name="Random"/>"""
            : $"""<subParameter classPath="jmt.engine.NetStrategies.RoutingStrategies.EmpiricalStrategy" name="Probabilities"><subParameter array="true" classPath="jmt.engine.random.EmpiricalEntry" name="EmpiricalEntryArray">{Entry("Lan", "0.25")}{Entry("Sink", "0.75")}</subParameter></subParameter>""")}</parameter></section>""";

    private static string Entry(string station, string probability) =>
        $"""<subParameter classPath="jmt.engine.random.EmpiricalEntry" name="EmpiricalEntry"><subParameter classPath="java.lang.String" name="stationName"><value>{station}</value></subParameter><subParameter classPath="java.lang.Double" name="probability"><value>{probability}</value></subParameter></subParameter>""";
}
