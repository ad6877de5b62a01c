namespace Pleiad.Queueing.Exact;

/// <summary>
/// Exact mean value analysis (Reiser and Lavenberg 1980) of closed networks of single servers and delays, any number of classes. For each population n, from 0 up:
/// R_rk(n) = D_rk (1 + Q_k(n − 1_r)), X_r(n) = n_r / (Z_r + Σ R_rk(n)), Q_k(n) = Σ X_r(n) R_rk(n).
/// </summary>
internal static class MeanValueAnalysis
{
    /// <summary>Throughput by class and mean customers by class and station.</summary>
    /// <param name="populations">N by class.</param>
    /// <param name="think">Z by class, in seconds.</param>
    /// <param name="demand">D by class and station, in seconds.</param>
    public static (double[] Throughput, double[,] Customers) Solve(int[] populations, double[] think, double[,] demand)
    {
        var lattice = new Lattice(populations);
        var (classes, stations) = (populations.Length, demand.GetLength(1));
        var customers = new double[(long)lattice.Size * stations];
        var vector = new int[classes];
        var residence = new double[classes, stations];
        var throughput = new double[classes];
        for (var n = 0; n < lattice.Size; n++)
        {
            var here = (long)n * stations;
            for (var r = 0; r < classes; r++)
            {
                throughput[r] = 0;
                if (vector[r] == 0)
                {
                    continue;
                }

                var before = (long)(n - lattice.Stride(r)) * stations;
                var cycle = think[r];
                for (var k = 0; k < stations; k++)
                {
                    residence[r, k] = demand[r, k] * (1 + customers[before + k]);
                    cycle += residence[r, k];
                }

                throughput[r] = vector[r] / cycle;
                for (var k = 0; k < stations; k++)
                {
                    customers[here + k] += throughput[r] * residence[r, k];
                }
            }

            if (n < lattice.Last)
            {
                lattice.Advance(vector);
            }
        }

        var result = new double[classes, stations];
        for (var r = 0; r < classes; r++)
        {
            for (var k = 0; k < stations; k++)
            {
                result[r, k] = throughput[r] * residence[r, k];
            }
        }

        return (throughput, result);
    }
}
