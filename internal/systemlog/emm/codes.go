package emm

// A Code names one thing of the SaaS Event Maturity Matrix.
type Code struct {
	Code string `json:"code"` // The matrix's own number, such as C0001 or ET0003.
	Key  string `json:"key"`  // Its name for machines, such as account_login.
	Name string `json:"name"` // Its name for people, such as Account Login.
}

// The tables are indexed by the number in the code.
var categories = [...]Code{
	{},
	{"C0001", "authentication", "Authentication"},
	{"C0002", "authorization", "Authorization"},
	{"C0003", "system_audit", "System Audit"},
	{"C0004", "activity_audit", "Activity Audit"},
}

// eventType is the number in the code of one of the matrix's event types.
type eventType uint8

const (
	accountLogin eventType = iota + 1
	accountLogout
	mfaVerification
	createUser
	readUser
	updateUser
	deleteUser
	createGroup
	readGroup
	updateGroup
	deleteGroup
	addToGroup
	removeFromGroup
	createRole
	readRole
	updateRole
	deleteRole
	addPermission
	removePermission
	addEnrollment
	removeEnrollment
	createConfiguration
	readConfiguration
	updateConfiguration
	deleteConfiguration
	createIntegration
	readIntegration
	updateIntegration
	deleteIntegration
	createResource
	readResource
	updateResource
	deleteResource
	downloadResource
	queryResource
)

var eventTypes = [...]Code{
	{},
	{"ET0001", "account_login", "Account Login"},
	{"ET0002", "account_logout", "Account Logout"},
	{"ET0003", "mfa_verification", "MFA Verification"},
	{"ET0004", "create_user", "Create User"},
	{"ET0005", "read_user", "Read User"},
	{"ET0006", "update_user", "Update User"},
	{"ET0007", "delete_user", "Delete User"},
	{"ET0008", "create_group", "Create Group"},
	{"ET0009", "read_group", "Read Group"},
	{"ET0010", "update_group", "Update Group"},
	{"ET0011", "delete_group", "Delete Group"},
	{"ET0012", "add_to_group", "Add To Group"},
	{"ET0013", "remove_from_group", "Remove From Group"},
	{"ET0014", "create_role", "Create Role"},
	{"ET0015", "read_role", "Read Role"},
	{"ET0016", "update_role", "Update Role"},
	{"ET0017", "delete_role", "Delete Role"},
	{"ET0018", "add_permission", "Add Permission"},
	{"ET0019", "remove_permission", "Remove Permission"},
	{"ET0020", "add_enrollment", "Add Enrollment"},
	{"ET0021", "remove_enrollment", "Remove Enrollment"},
	{"ET0022", "create_security_configuration", "Create Security Configuration"},
	{"ET0023", "read_security_configuration", "Read Security Configuration"},
	{"ET0024", "update_security_configuration", "Update Security Configuration"},
	{"ET0025", "delete_security_configuration", "Delete Security Configuration"},
	{"ET0026", "create_integration", "Create Integration"},
	{"ET0027", "read_integration", "Read Integration"},
	{"ET0028", "update_integration", "Update Integration"},
	{"ET0029", "delete_integration", "Delete Integration"},
	{"ET0030", "create_resource", "Create Resource"},
	{"ET0031", "read_resource", "Read Resource"},
	{"ET0032", "update_resource", "Update Resource"},
	{"ET0033", "delete_resource", "Delete Resource"},
	{"ET0034", "download_resource", "Download Resource"},
	{"ET0035", "query_resource", "Query Resource"},
}

// category is fixed by the event type: the matrix orders one by the other.
func (e eventType) category() Code {
	switch {
	case e <= mfaVerification:
		return categories[1]
	case e <= removeEnrollment:
		return categories[2]
	case e <= deleteIntegration:
		return categories[3]
	default:
		return categories[4]
	}
}

// attribute is the number in the code of one of the matrix's attributes.
type attribute uint8

const (
	timestamp attribute = iota + 1
	eventID
	eventCode
	result
	username
	userID
	userRole
	sessionID
	ipAddress
	ipGeolocation
	userAgent
	deviceType
	failureContext
	credentialContext
	providerContext
	verificationMethod
	verificationFlagged
	activityPerformed
	targetUsername
	targetContext
	targetGroup
	targetRole
	permissionName
	targetResource
	enrollmentType
	settingName
	settingValue
	previousSetting
	integrationName
	resourceName
	resourceType
	resourceMetadata
	queryString
)

var attributes = [...]Code{
	{},
	{"A0001", "timestamp", "Timestamp"},
	{"A0002", "event_id", "Event ID"},
	{"A0003", "event_code_or_type", "Event Code / Type"},
	{"A0004", "result", "Result"},
	{"A0005", "username", "Username"},
	{"A0006", "user_id", "User ID"},
	{"A0007", "user_type_or_role", "User Type / Role"},
	{"A0008", "session_id", "Session ID"},
	{"A0009", "ip_address", "IP Address"},
	{"A0010", "ip_geolocation_or_asn", "IP Geolocation / ASN"},
	{"A0011", "user_agent_name", "User Agent Name"},
	{"A0012", "device_client_type", "Device/Client Type"},
	{"A0013", "failure_context", "Failure Context"},
	{"A0014", "credential_context", "Credential Context"},
	{"A0015", "identity_service_provider_context", "Identity Service Provider Context"},
	{"A0016", "verification_method", "Verification Method"},
	{"A0017", "verification_flagged", "Verification Flagged"},
	{"A0018", "activity_performed", "Activity Performed"},
	{"A0019", "target_username", "Target Username"},
	{"A0020", "target_attribute_context", "Target Attribute Context"},
	{"A0021", "target_group_name", "Target Group Name"},
	{"A0022", "target_role_name", "Target Role Name"},
	{"A0023", "permission_name", "Permission Name"},
	{"A0024", "target_resource_name", "Target Resource Name"},
	{"A0025", "enrollment_type", "Enrollment Type"},
	{"A0026", "configuration_setting_name", "Configuration / Setting Name"},
	{"A0027", "configuration_setting_value", "Configuration / Setting Value"},
	{"A0028", "previous_configuration_setting_value", "Previous Configuration / Setting Value"},
	{"A0029", "integration_app_name", "Integration / App Name"},
	{"A0030", "resource_name", "Resource Name"},
	{"A0031", "resource_type", "Resource Type"},
	{"A0032", "resource_metadata", "Resource Metadata"},
	{"A0033", "query_string", "Query String"},
}

// attributeOf finds an attribute by its code or its key; 0 if there is none.
func attributeOf(codeOrKey string) attribute {
	for i := 1; i < len(attributes); i++ {
		if attributes[i].Code == codeOrKey || attributes[i].Key == codeOrKey {
			return attribute(i)
		}
	}
	return 0
}
