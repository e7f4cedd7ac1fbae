using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Panel.Services.Data;

/// <summary>The secrets of this installation: one master key in <c>data/keys/master</c> (32 bytes, mode 0600, made at first
/// start, part of every backup), from which a key per purpose is derived by HKDF-SHA256 (RFC 5869).</summary>
public sealed class HouseKeys
{
    internal const string Master = "master";

    private readonly byte[] master;

    public HouseKeys(IOptions<PanelOptions> options)
    {
        var path = options.Value.PathOf("keys", "master");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        master = File.Exists(path) ? File.ReadAllBytes(path) : Create(path);
        if (master.Length != 32)
        {
            throw new InvalidOperationException($"{path} must be 32 bytes long, it has {master.Length}. Restore it from a backup.");
        }
    }

    /// <summary>Recognises the key without telling it; kept in the database, so that a foreign key stops the start.</summary>
    public string Fingerprint => FingerprintOf(master);

    /// <summary>32 bytes for one purpose; the same purpose always gives the same key.</summary>
    public byte[] KeyFor(string purpose) => KeyFor(master, purpose);

    /// <summary>The fingerprint of another master key.</summary>
    internal static string FingerprintOf(byte[] master) => Convert.ToHexStringLower(KeyFor(master, "fingerprint")[..16]);

    /// <summary>A keyed hash in lower-case hex, for values that must be recognised but not kept.</summary>
    public string Hash(string purpose, string value) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(KeyFor(purpose), Encoding.UTF8.GetBytes(value)));

    private static byte[] KeyFor(byte[] master, string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, master, 32, info: Encoding.UTF8.GetBytes(purpose));

    private static byte[] Create(string path)
    {
        var made = RandomNumberGenerator.GetBytes(32);
        Write(path, made);
        return made;
    }

    /// <summary>Whole or not at all, for its owner only.</summary>
    internal static void Write(string path, byte[] made)
    {
        var beside = path + ".new";
        using (var file = new FileStream(beside, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(made);
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, path);
    }
}
