"""Terms of the W3C Data Privacy Vocabulary that policy files may use: purposes, and the grounds of Art. 17(3).

DPV 2, https://w3id.org/dpv (W3C Software and Document licence 2023): names only. Receipts and the register
of processing carry them, so a misspelt one must not get in.
"""

PURPOSES = frozenset(
    """
    AcademicResearch AccountManagement Advertising AgeVerification CombatClimateChange CommercialPurpose
    CommercialResearch CommunicationForCustomerCare CommunicationManagement CounterMoneyLaundering Counterterrorism
    CreditChecking CustomerCare CustomerClaimsManagement CustomerManagement CustomerOrderManagement
    CustomerRelationshipManagement CustomerSolvencyMonitoring DataAltruism DeliveryOfGoods DirectMarketing
    DisputeManagement EnforceAccessControl EnforceSecurity EstablishContractualAgreement FraudPreventionAndDetection
    FulfilmentOfContractualObligation FulfilmentOfObligation HumanResourceManagement IdentityAuthentication
    IdentityVerification ImproveExistingProductsAndServices ImproveHealthcare ImproveInternalCRMProcesses
    ImprovePublicServices ImproveTransportAndMobility IncreaseServiceRobustness InternalResourceOptimisation
    LegalCompliance MaintainCreditCheckingDatabase MaintainCreditRatingDatabase MaintainFraudDatabase Marketing
    MembersAndPartnersManagement MisusePreventionAndDetection NonCommercialPurpose NonCommercialResearch
    OptimisationForConsumer OptimisationForController OptimiseUserInterface OrganisationComplianceManagement
    OrganisationGovernance OrganisationRiskManagement PaymentManagement Personalisation PersonalisedAdvertising
    PersonalisedBenefits PersonnelBehaviourMonitoring PersonnelHiring PersonnelManagement PersonnelMonitoring
    PersonnelOffboarding PersonnelOnboarding PersonnelPayment PersonnelPerformanceEvaluation
    PersonnelPerformanceManagement PersonnelPerformanceMonitoring PersonnelPromotionManagement
    PersonnelTerminationManagement PersonnelWorkloadManagement PoliticalCampaign
    ProtectionOfIntellectualPropertyRights ProtectionOfNationalSecurity ProtectionOfPublicSecurity
    ProvideEventRecommendations ProvideOfficialStatistics ProvidePersonalisedRecommendations
    ProvideProductRecommendations PublicBenefit PublicPolicyMaking PublicRelations RecordManagement
    RecruitmentAdvertising RecruitmentManagement RepairImpairments RequestedServiceProvision ResearchAndDevelopment
    RightsFulfilment ScientificResearch SearchFunctionalities SellDataToThirdParties SellInsightsFromData
    SellProducts SellProductsToDataSubject ServiceAccessDetermination ServiceManagement ServiceMonitoring
    ServiceOptimisation ServicePersonalisation ServiceProvision ServiceRegistration ServiceUsageAnalytics
    SocialMediaMarketing TargetedAdvertising TechnicalServiceProvision UserInterfacePersonalisation VendorManagement
    VendorPayment VendorRecordsManagement VendorSelectionAssessment Verification
    """.split()  # noqa: SIM905 - reads as the list it is
)

DESPITE_RESTRICTION = frozenset({"RightsFulfilment", "DisputeManagement"})
"""Purposes that Art. 18(2) lets go on: the person's own request, legal claims (storage says so itself)."""

KEEP_GROUNDS = frozenset(
    {
        "A17Archiving",
        "A17FreedomOfExpression",
        "A17LegalClaims",
        "A17LegallyRequired",
        "A17OfficialAuthority",
        "A17PublicHealth",
        "A17PublicInterest",
    }
)
"""Art. 17(3), as DPV's `eu-gdpr:Justification<name>`."""
